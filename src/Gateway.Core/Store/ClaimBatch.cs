namespace Gateway.Core.Store;

/// <summary>Clusters claimed together.</summary>
/// <param name="Now">The store's clock at the claim.</param>
/// <param name="Claims">The leases, none when nothing is due.</param>
public sealed record ClaimBatch(DateTimeOffset Now, IReadOnlyList<Claim> Claims);
