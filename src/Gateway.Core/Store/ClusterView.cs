using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>A cluster as its readers see it: the saved row and what has been asked since.</summary>
/// <param name="Cluster">The saved row.</param>
/// <param name="Desired">What was last asked.</param>
/// <param name="StopReason">Why it was asked to stop.</param>
public sealed record ClusterView(Cluster Cluster, DesiredState Desired, string? StopReason)
{
    /// <summary>The phase to show: a cluster that was asked to stop is closing from that moment on.</summary>
    public ClusterPhase Phase => Desired == DesiredState.Stopped && !Cluster.Phase.IsEnded() ? ClusterPhase.Closing : Cluster.Phase;
}
