using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Store;

/// <summary>A plan to be saved in one transaction, under the cluster's revision and its lease's generation; the lease is released with it.</summary>
public sealed record PlanSave
{
    /// <summary>The lease it was computed under.</summary>
    public required Claim Claim { get; init; }

    /// <summary>The revision it was computed from.</summary>
    public required long Revision { get; init; }

    /// <summary>The cluster's new row; null: unchanged.</summary>
    public Cluster? Cluster { get; init; }

    /// <summary>Workers to insert. Fewer may be granted than are asked for.</summary>
    public IReadOnlyList<Worker> NewWorkers { get; init; } = [];

    /// <summary>Workers whose rows change.</summary>
    public IReadOnlyList<Worker> ChangedWorkers { get; init; } = [];

    /// <summary>What is to be done. A job has one entry of each action: a new address check takes the place of an older one, whose claim is lost with it. Entries of workers that were not granted are left out.</summary>
    public IReadOnlyList<OutboxEntry> Outbox { get; init; } = [];

    /// <summary>Lines for the timeline.</summary>
    public IReadOnlyList<ClusterEvent> Events { get; init; } = [];

    /// <summary>When the cluster is to be looked at again if nothing wakes it; null: never.</summary>
    public DateTimeOffset? DueAt { get; init; }
}
