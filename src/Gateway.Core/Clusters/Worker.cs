namespace Gateway.Core.Clusters;

/// <summary>A worker as the reconciler last saved it. Its name is used once: another try is another worker.</summary>
public sealed record Worker
{
    /// <summary>The cluster's name, a dash and 8 characters of a–z and 2–7: also the name of its job.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster it belongs to.</summary>
    public required string Cluster { get; init; }

    /// <summary>The group of like workers it belongs to.</summary>
    public string Group { get; init; } = "default";

    /// <summary>Name of the backend instance that runs its job.</summary>
    public required string Backend { get; init; }

    /// <summary>What its job was given.</summary>
    public required JobResources Resources { get; init; }

    /// <summary>Where it is in its life.</summary>
    public WorkerPhase Phase { get; init; }

    /// <summary>What it becomes after <see cref="WorkerPhase.Stopping"/>: <see cref="WorkerPhase.Stopped"/> or <see cref="WorkerPhase.Failed"/>.</summary>
    public WorkerPhase? Outcome { get; init; }

    /// <summary>Why it is in this phase, as a sentence for its owner; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>When its start was saved.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When its scheduler first listed it as active.</summary>
    public DateTimeOffset? ConnectedAt { get; init; }

    /// <summary>When it left the active ones: retiring or stopping.</summary>
    public DateTimeOffset? LeavingAt { get; init; }

    /// <summary>True once the stop of its job has been saved.</summary>
    public bool StopSaved { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
