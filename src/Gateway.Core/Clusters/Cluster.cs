namespace Gateway.Core.Clusters;

/// <summary>A cluster as the reconciler last saved it.</summary>
public sealed record Cluster
{
    /// <summary>16 characters of a–z and 2–7, random; unique for ever.</summary>
    public required string Name { get; init; }

    /// <summary>The user who owns it; null: unclaimed.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>The options as normalised at creation: a JSON object with every field, in the order of the schema.</summary>
    public required string Options { get; init; }

    /// <summary>What the options mean.</summary>
    public required ClusterSpec Spec { get; init; }

    /// <summary>Where it is in its life.</summary>
    public ClusterPhase Phase { get; init; }

    /// <summary>What it becomes after <see cref="ClusterPhase.Closing"/>: <see cref="ClusterPhase.Stopped"/> or <see cref="ClusterPhase.Failed"/>.</summary>
    public ClusterPhase? Outcome { get; init; }

    /// <summary>Why it is in this phase, as a sentence for its owner; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>Worker starts that failed since one last succeeded.</summary>
    public int WorkerFailures { get; init; }

    /// <summary>No worker is started before this time (backoff after failures).</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The scheduler's address, <c>tls://host:port</c>, as it reported it. It has been checked once <see cref="Phase"/> is running, and must not be connected to before.</summary>
    public string? SchedulerAddress { get; init; }

    /// <summary>The dashboard's address, <c>http://host:port</c>; null: none. Checked like <see cref="SchedulerAddress"/>.</summary>
    public string? DashboardAddress { get; init; }

    /// <summary>Where the scheduler takes commands, <c>http://host:port</c>. Checked like <see cref="SchedulerAddress"/>.</summary>
    public string? ApiAddress { get; init; }

    /// <summary>When it was created, by the store's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its scheduler's start was saved.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>When its scheduler first reported.</summary>
    public DateTimeOffset? RunningAt { get; init; }

    /// <summary>When it began to close.</summary>
    public DateTimeOffset? ClosingAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Grows by one with each save that changes the cluster, its workers or its outbox; a save names the revision it was computed from.</summary>
    public long Revision { get; init; }
}
