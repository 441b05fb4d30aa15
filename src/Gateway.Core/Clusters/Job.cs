using Gateway.Core.Backends;

namespace Gateway.Core.Clusters;

/// <summary>What is known of one job, written by the executor and the job monitor; the verdict on a scheduler's address also comes with its heartbeat.</summary>
public sealed record Job
{
    /// <summary>The worker's name, or the cluster's name for its scheduler.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster it works for.</summary>
    public required string Cluster { get; init; }

    /// <summary>Scheduler or worker.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>Name of the backend instance that runs it.</summary>
    public required string Backend { get; init; }

    /// <summary>The machine a node-bound backend runs it on; null for a shared backend.</summary>
    public string? Node { get; init; }

    /// <summary>What the backend finds it again by; null until it was started.</summary>
    public string? Handle { get; init; }

    /// <summary>What it is doing.</summary>
    public JobState State { get; init; }

    /// <summary>Why, in words for its owner (the batch system's reason and what to do); null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The machine it runs on, as the backend names it.</summary>
    public string? Host { get; init; }

    /// <summary>Exit code, or 128 + signal, once ended and where known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>True when its scheduler has announced that it would let this worker go.</summary>
    public bool CloseExpected { get; init; }

    /// <summary>When its start was recorded: set by the store, by its clock.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Since when it has been seen in <see cref="State"/> (the store's clock, not the batch system's).</summary>
    public DateTimeOffset StateSince { get; init; }

    /// <summary>For a scheduler: the heartbeat address that was last checked against this job.</summary>
    public string? CheckedAddress { get; init; }

    /// <summary>The verdict on <see cref="CheckedAddress"/>; null while it is being found.</summary>
    public AddressVerdict? AddressVerdict { get; init; }
}
