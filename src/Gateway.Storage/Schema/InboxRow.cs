namespace Gateway.Storage.Schema;

/// <summary>Narrow: intents, observations, lease and wake-ups of one cluster. The heartbeat comes last, so that the rest is read without it.</summary>
internal sealed class InboxRow
{
    public required string Cluster { get; set; }

    public required string Desired { get; set; }

    public string? StopReason { get; set; }

    public bool StopFailed { get; set; }

    /// <summary>Repeated from the cluster's row, so that narrow updates need not look there.</summary>
    public bool Ended { get; set; }

    public long Wake { get; set; }

    /// <summary>When it can be claimed. While a lease is held never before it runs out: one index serves claim and sleep.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public string? LeaseOwner { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    public long Generation { get; set; }

    public int Clients { get; set; }

    public DateTimeOffset? NoClientSince { get; set; }

    public DateTimeOffset? HeartbeatAt { get; set; }

    public long? HeartbeatHash { get; set; }

    public string? Incarnation { get; set; }

    public long? Sequence { get; set; }

    public double? IdleSeconds { get; set; }

    public string? Heartbeat { get; set; }
}
