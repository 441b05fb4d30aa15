namespace Gateway.Core.Clusters;

/// <summary>What the planner is told by configuration, the same for all clusters: section <c>Lifecycle</c>.</summary>
public sealed record PlannerSettings
{
    /// <summary>Names of the configured backend instances. Rows of others pause.</summary>
    public IReadOnlySet<string> Backends { get; init; } = new HashSet<string>();

    /// <summary>How long a scheduler's job may run before its first heartbeat.</summary>
    public TimeSpan ClusterStartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a running scheduler may be silent.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a worker's job may run before its scheduler lists it.</summary>
    public TimeSpan WorkerStartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a job may be held before it is given up.</summary>
    public TimeSpan HeldTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a worker that left its scheduler may take to end by itself (or to come back) before its job is stopped.</summary>
    public TimeSpan WorkerExitGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>So many worker starts failing in a row, with no worker connected, fail the cluster; 1 or more.</summary>
    public int WorkerStartFailureLimit { get; init; } = 5;

    /// <summary>Pause of new worker starts after the first failure; doubles with each further one.</summary>
    public TimeSpan WorkerBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan MaxWorkerBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long it takes until a client that came through any replica is counted for certain: no cluster is stopped earlier for want of clients. It follows from
    /// <see cref="Reconciliation.ReconcilerSettings.PresencePeriod"/>.
    /// </summary>
    public TimeSpan CountingTakes { get; internal init; }

    /// <summary>How much longer than its idle timeout a scheduler may say that it is idle before the gateway itself stops it.</summary>
    public TimeSpan IdleGrace { get; init; } = TimeSpan.FromSeconds(30);
}
