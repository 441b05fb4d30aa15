namespace Gateway.Backends.HTCondor.Options;

/// <summary>Where changes of jobs are heard of before a listing: <c>Backends:{name}:EventLog</c>.</summary>
internal sealed class EventLogOptions
{
    /// <summary>The schedd's global event log (JSON or text), where this program can read it; empty: a log of the gateway's own where jobs are its own.</summary>
    public string Path { get; set; } = "";

    /// <summary>Pause between two looks at the log; 50 ms to 1 min.</summary>
    public TimeSpan PollPeriod { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>False: nothing is followed, listings alone tell.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>For how long the gateway's own logs, one per day, are kept.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(14);
}
