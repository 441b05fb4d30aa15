namespace Gateway.Core.Store;

/// <summary>A running gateway process.</summary>
/// <param name="Name">Unique to the process.</param>
/// <param name="Version">Its product version.</param>
/// <param name="StartedAt">Its first pulse.</param>
/// <param name="PulseAt">Its latest pulse, by the store's clock.</param>
/// <param name="Leases">Clusters it holds right now.</param>
public sealed record ReplicaInfo(string Name, string Version, DateTimeOffset StartedAt, DateTimeOffset PulseAt, int Leases);
