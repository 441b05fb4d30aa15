namespace Gateway.Server.Api.Version;

/// <summary>What <c>/api/version</c> answers.</summary>
/// <param name="Version">The product's version.</param>
internal sealed record VersionReport(string Version);
