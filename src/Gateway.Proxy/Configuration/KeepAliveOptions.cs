namespace Gateway.Proxy.Configuration;

/// <summary>Configuration section <c>Proxy:KeepAlive</c>: TCP's own probes, on both sides of a relayed connection.</summary>
public sealed class KeepAliveOptions
{
    /// <summary>Silence before the first probe, 1 s to 9 h; zero: no probes.</summary>
    public TimeSpan Time { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Between probes, 1 s to 9 h.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Unanswered probes before the peer counts as dead, 1 to 127; used where <see cref="UserTimeout"/> is zero.</summary>
    public int Probes { get; set; } = 4;

    /// <summary>How long sent bytes may stay unacknowledged, or a peer refuse to take any, 1 s to 1 day; zero: as the system has it.</summary>
    public TimeSpan UserTimeout { get; set; } = TimeSpan.FromMinutes(5);
}
