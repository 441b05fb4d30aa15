namespace Gateway.Server.Api.Clusters;

/// <summary>What scale and adapt answer.</summary>
/// <param name="Ok">False when less was done than asked.</param>
/// <param name="Msg">Why, for the client to show as a warning; else null.</param>
internal sealed record ScaleAnswer(bool Ok, string? Msg);
