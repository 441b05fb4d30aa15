using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Clusters;

/// <summary>What should be, as the planner answers it for one cluster.</summary>
public sealed record ClusterPlan
{
    /// <summary>The cluster's new row; null: unchanged.</summary>
    public Cluster? Cluster { get; init; }

    /// <summary>Workers to be made.</summary>
    public IReadOnlyList<Worker> NewWorkers { get; init; } = [];

    /// <summary>Workers whose rows change.</summary>
    public IReadOnlyList<Worker> ChangedWorkers { get; init; } = [];

    /// <summary>What is to be done by executors.</summary>
    public IReadOnlyList<OutboxEntry> Outbox { get; init; } = [];

    /// <summary>Lines for the timeline.</summary>
    public IReadOnlyList<ClusterEvent> Events { get; init; } = [];

    /// <summary>Whether all is as it should be for now.</summary>
    public bool ChangesNothing => Cluster is null && NewWorkers.Count + ChangedWorkers.Count + Outbox.Count + Events.Count == 0;

    /// <summary>When the answer may change by time alone; null: never.</summary>
    public DateTimeOffset? DueAt { get; init; }
}
