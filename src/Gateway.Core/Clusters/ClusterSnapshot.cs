namespace Gateway.Core.Clusters;

/// <summary>Everything the planner may look at: one cluster at one moment.</summary>
public sealed record ClusterSnapshot
{
    /// <summary>The cluster as last saved.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>Its workers that have not ended.</summary>
    public required IReadOnlyList<Worker> Workers { get; init; }

    /// <summary>Intents and observations.</summary>
    public required ClusterInbox Inbox { get; init; }

    /// <summary>By job name: the scheduler's job and those of <see cref="Workers"/>, as far as the executor has got.</summary>
    public required IReadOnlyDictionary<string, Job> Jobs { get; init; }

    /// <summary>Since when some replica has been able to take heartbeats without a gap; silence counts from here at the earliest.</summary>
    public required DateTimeOffset HearingSince { get; init; }

    /// <summary>By backend instance: since when its jobs have been listed without a gap. Missing: never listed yet.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> SeeingSince { get; init; }
}
