namespace Gateway.Core.Reconciliation;

/// <summary>This process among the replicas: unique, and made anew at each start.</summary>
/// <param name="Value">Machine, process and a random part.</param>
/// <param name="Version">The product's version.</param>
public sealed record ReplicaName(string Value, string Version);
