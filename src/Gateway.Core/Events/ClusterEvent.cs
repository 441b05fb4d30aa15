namespace Gateway.Core.Events;

/// <summary>One line of a cluster's timeline: what a user reads to learn why something waits or failed.</summary>
public sealed record ClusterEvent
{
    /// <summary>Given by the store, grows with time.</summary>
    public long Id { get; init; }

    /// <summary>The cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>The worker it is about; null: the cluster or its scheduler.</summary>
    public string? Worker { get; init; }

    /// <summary>When, by the store's clock. Left at its default, the store fills it in.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What kind, such as <c>worker.failed</c>: see <see cref="EventKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>A sentence for the cluster's owner. No secret.</summary>
    public required string Message { get; init; }

    /// <summary>How many workers the line speaks of, where it stands for several.</summary>
    public int? Count { get; init; }
}
