namespace Gateway.Core.Reconciliation;

/// <summary>How the loops that move clusters forward go about it: section <c>Reconciliation</c>.</summary>
public sealed class ReconcilerSettings
{
    /// <summary>How long a lease on a cluster holds, 2 s to 10 min. A replica that dies delays its clusters by this much at most.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Most clusters claimed at once, 1 to 1000.</summary>
    public int Batch { get; set; } = 100;

    /// <summary>Clusters saved at the same time, 1 to 64.</summary>
    public int Parallelism { get; set; } = 4;

    /// <summary>How long a missed signal may cost, 100 ms to 1 min.</summary>
    public TimeSpan PollPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each replica notes that it can hear schedulers, 500 ms to 1 min.</summary>
    public TimeSpan PulsePeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often each replica tells of the clients that are connected through it. One that stays away for minutes is what matters: now and then is often enough,
    /// and the table is written only where a count has changed.
    /// </summary>
    public TimeSpan PresencePeriod => PulsePeriod * 5;

    /// <summary>A silence of ours longer than this is not held against schedulers; more than <see cref="PulsePeriod"/>.</summary>
    public TimeSpan PulseGap { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a job that no row knows is left alone, 10 s or more.</summary>
    public TimeSpan StrayGrace { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The largest share of a backend's jobs that the sweeper removes at once, 0 to 1; more than that needs an operator's word.</summary>
    public double StrayShare { get; set; } = 0.5;

    /// <summary>Up to so many strays are removed whatever their share.</summary>
    public int StrayMinimum { get; set; } = 10;

    /// <summary>The operator's word: remove strays whatever their share.</summary>
    public bool RemoveAllStrays { get; set; }

    /// <summary>How long ended clusters and their timelines can be read, 1 min or more.</summary>
    public TimeSpan RetainEnded { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long logs of ended jobs are kept, 0 or more.</summary>
    public TimeSpan RetainLogs { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Most bytes kept of each of a job's streams: its end.</summary>
    public int MaxLogSize { get; set; } = 1 << 20;

    /// <summary>How often ended things are tidied up, 1 s to 1 h.</summary>
    public TimeSpan TidyPeriod { get; set; } = TimeSpan.FromSeconds(10);
}
