namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>The process is no more.</summary>
internal sealed class ReplicaDiedException() : Exception("The replica has died.");
