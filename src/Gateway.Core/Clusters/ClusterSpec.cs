namespace Gateway.Core.Clusters;

/// <summary>A cluster as resolved from configuration, policy and the user's options, fixed when it is created.</summary>
public sealed record ClusterSpec
{
    /// <summary>Name of the backend instance that runs the scheduler.</summary>
    public required string SchedulerBackend { get; init; }

    /// <summary>Name of the backend instance that runs the workers; null when somebody else submits them.</summary>
    public string? WorkerBackend { get; init; }

    /// <summary>The Unix account or accounting name that jobs belong to: a mapping of the owner, not the owner's name itself. Empty where the owner has none and no backend needs it.</summary>
    public required string Account { get; init; }

    /// <summary>Resources of the scheduler's job.</summary>
    public JobResources Scheduler { get; init; } = new();

    /// <summary>Resources of each worker's job.</summary>
    public JobResources Worker { get; init; } = new();

    /// <summary>Most workers at a time, resolved from the limits on workers, cores and memory together; null: no limit.</summary>
    public int? MaxWorkers { get; init; }

    /// <summary>The scheduler ends itself after having nothing to do for so long; null: never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>The cluster is stopped after no client was connected for so long; null: never.</summary>
    public TimeSpan? NoClientTimeout { get; init; }

    /// <summary>The cluster is stopped so long after it was created; null: never.</summary>
    public TimeSpan? MaxLifetime { get; init; }

    /// <summary>Container image of scheduler and workers; null: none, or the backend's default.</summary>
    public string? Image { get; init; }

    /// <summary>Environment variables of the user's jobs. Never secrets: batch systems show them to everyone.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Values for the backends, by field name (such as <c>requirements</c>), as their options' targets declare them.</summary>
    public IReadOnlyDictionary<string, string> Backend { get; init; } = new Dictionary<string, string>();
}
