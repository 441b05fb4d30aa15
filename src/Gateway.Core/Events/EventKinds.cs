namespace Gateway.Core.Events;

/// <summary>The kinds of a timeline's lines: a bounded set, fit for metrics.</summary>
public static class EventKinds
{
    /// <summary>The cluster was taken on.</summary>
    public const string ClusterCreated = "cluster.created";

    /// <summary>Its scheduler's start was saved.</summary>
    public const string ClusterSubmitted = "cluster.submitted";

    /// <summary>It waits, and why.</summary>
    public const string ClusterWaiting = "cluster.waiting";

    /// <summary>Its scheduler reported from a checked address.</summary>
    public const string ClusterRunning = "cluster.running";

    /// <summary>It was asked to stop, and by whom.</summary>
    public const string ClusterStopping = "cluster.stopping";

    /// <summary>It ended as asked.</summary>
    public const string ClusterStopped = "cluster.stopped";

    /// <summary>It ended because something went wrong.</summary>
    public const string ClusterFailed = "cluster.failed";

    /// <summary>Another number of workers was asked for.</summary>
    public const string ClusterScaled = "cluster.scaled";

    /// <summary>Workers' starts were saved.</summary>
    public const string WorkersSubmitted = "workers.submitted";

    /// <summary>Workers were dropped before they connected.</summary>
    public const string WorkersDropped = "workers.dropped";

    /// <summary>A worker connected.</summary>
    public const string WorkerConnected = "worker.connected";

    /// <summary>A worker ended as expected.</summary>
    public const string WorkerStopped = "worker.stopped";

    /// <summary>A worker ended unexpectedly or never came up.</summary>
    public const string WorkerFailed = "worker.failed";

    /// <summary>A job changed its state or the reason why it waits.</summary>
    public const string JobChanged = "job.changed";

    /// <summary>A job that no row knows was removed.</summary>
    public const string StrayRemoved = "stray.removed";

    /// <summary>A backend did not answer, or answers again.</summary>
    public const string Backend = "backend";
}
