namespace Gateway.Core.Store;

/// <summary>A cluster's lease, held for a short time by one task of one replica.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Generation">Grows with each claim; a save that names an older one changes nothing.</param>
/// <param name="Wake">The wake counter at the claim; a save after further wake-ups leaves the cluster due at once.</param>
public sealed record Claim(string Cluster, long Generation, long Wake);
