namespace Gateway.Core.Clusters;

/// <summary>What the phases of clusters and workers mean to those who ask.</summary>
public static class ClusterPhases
{
    /// <summary>True once nothing will change any more.</summary>
    public static bool IsEnded(this ClusterPhase phase) => phase is ClusterPhase.Stopped or ClusterPhase.Failed;

    /// <summary>True once nothing will change any more.</summary>
    public static bool IsEnded(this WorkerPhase phase) => phase is WorkerPhase.Stopped or WorkerPhase.Failed;

    /// <summary>True before the scheduler has reported.</summary>
    public static bool IsPending(this ClusterPhase phase) => phase is ClusterPhase.Accepted or ClusterPhase.Submitted;
}
