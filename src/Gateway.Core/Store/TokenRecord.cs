namespace Gateway.Core.Store;

/// <summary>What a cluster token is compared with. Never changes for a cluster, so it may be cached.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Hash">SHA-256 of the token's UTF-8 bytes.</param>
public sealed record TokenRecord(string Cluster, ReadOnlyMemory<byte> Hash);
