using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Store;

/// <summary>What became of an outbox entry.</summary>
public sealed record OutboxResult
{
    /// <summary>The entry, as claimed.</summary>
    public required OutboxEntry Entry { get; init; }

    /// <summary>
    /// What is now known of the job; null: nothing new. Of a start all of it is recorded, of a stop the state and reason, of an address check
    /// address and verdict alone: nothing else of the row changes.
    /// </summary>
    public Job? Job { get; init; }

    /// <summary>When to try again; null: it is done and leaves the outbox.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// True when the try has certainly left nothing at the backend (it never got there, or was deferred), so that the next one counts as the
    /// same attempt and a stop may overtake a start.
    /// </summary>
    public bool NotTried { get; init; }

    /// <summary>A line for the timeline; null: none.</summary>
    public ClusterEvent? Event { get; init; }
}
