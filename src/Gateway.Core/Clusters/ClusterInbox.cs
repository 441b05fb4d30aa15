namespace Gateway.Core.Clusters;

/// <summary>Intents and observations about one cluster, written by others than the reconciler.</summary>
public sealed record ClusterInbox
{
    /// <summary>What was last asked for.</summary>
    public DesiredState Desired { get; init; }

    /// <summary>Why it was asked to stop, as a sentence for its owner.</summary>
    public string? StopReason { get; init; }

    /// <summary>True when it was asked to stop because something went wrong: it then ends as failed.</summary>
    public bool StopFailed { get; init; }

    /// <summary>The latest heartbeat; null before the first.</summary>
    public Heartbeat? Heartbeat { get; init; }

    /// <summary>When it arrived, by the store's clock.</summary>
    public DateTimeOffset? HeartbeatAt { get; init; }

    /// <summary>Client connections open through all replicas' proxies when last told.</summary>
    public int Clients { get; init; }

    /// <summary>Since when no client has been connected; null: one is, or none was yet and the cluster does not run.</summary>
    public DateTimeOffset? NoClientSince { get; init; }
}
