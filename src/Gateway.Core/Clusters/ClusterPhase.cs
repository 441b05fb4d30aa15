namespace Gateway.Core.Clusters;

/// <summary>Where a cluster is in its life. Only the reconciler writes it.</summary>
public enum ClusterPhase
{
    /// <summary>Taken on; nothing has been asked of a backend yet.</summary>
    Accepted,

    /// <summary>The scheduler's start has been saved; it has not reported yet.</summary>
    Submitted,

    /// <summary>The scheduler has reported from a checked address.</summary>
    Running,

    /// <summary>Everything is being stopped; <see cref="Cluster.Outcome"/> says what follows.</summary>
    Closing,

    /// <summary>Ended as asked; no job is left.</summary>
    Stopped,

    /// <summary>Ended because something went wrong; no job is left.</summary>
    Failed,
}
