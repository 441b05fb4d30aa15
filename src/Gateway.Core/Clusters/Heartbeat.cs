namespace Gateway.Core.Clusters;

/// <summary>What a scheduler last said of itself. An observation: a user's word, to be checked before it is used.</summary>
public sealed record Heartbeat
{
    /// <summary><c>tls://host:port</c>.</summary>
    public required string SchedulerAddress { get; init; }

    /// <summary><c>http://host:port</c>; empty: no dashboard.</summary>
    public string DashboardAddress { get; init; } = "";

    /// <summary><c>http://host:port</c>.</summary>
    public required string ApiAddress { get; init; }

    /// <summary>How many workers the scheduler wants now, 0 or more.</summary>
    public int Count { get; init; }

    /// <summary>Names of the connected workers, ours and others'. A name both active and closed counts as active.</summary>
    public IReadOnlyList<string> Active { get; init; } = [];

    /// <summary>Names it is about to retire; usually listed once.</summary>
    public IReadOnlyList<string> Closing { get; init; } = [];

    /// <summary>Names that have gone.</summary>
    public IReadOnlyList<string> Closed { get; init; } = [];

    /// <summary>Random string of this scheduler process (our plugin only).</summary>
    public string? Incarnation { get; init; }

    /// <summary>Grows with each heartbeat of an incarnation (our plugin only).</summary>
    public long? Sequence { get; init; }

    /// <summary>Seconds for which the scheduler has had nothing to do (our plugin only); null: busy or not told.</summary>
    public double? IdleSeconds { get; init; }
}
