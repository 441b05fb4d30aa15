namespace Gateway.Core.Store;

/// <summary>Who this gateway is: random, made once in the database, written into every job.</summary>
/// <param name="Id">26 characters of a–z and 2–7.</param>
public sealed record GatewayIdentity(string Id);
