namespace Gateway.Proxy.Configuration;

/// <summary>Configuration section <c>Proxy</c>: the way in for schedulers' traffic and dashboards. Durations of zero switch a bound off where that is allowed.</summary>
public sealed class ProxyOptions
{
    /// <summary>The section's name.</summary>
    public const string SectionName = "Proxy";

    /// <summary>Address and port of a second port for schedulers only, such as <c>0.0.0.0:8786</c> or <c>[::]:8786</c>; null: none.</summary>
    public string? SchedulerEndpoint { get; set; }

    /// <summary>How bytes are moved. <see cref="RelayMode.Auto"/>: inside the kernel where it can, else by copying.</summary>
    public RelayMode Relay { get; set; } = RelayMode.Auto;

    /// <summary>Relay threads, 0 to 64; 0: one for each processor, at most 16.</summary>
    public int Loops { get; set; }

    /// <summary>How long a loop waits awake for the next small message where several came that quickly, 0 to 1 ms; zero: it always sleeps.</summary>
    public TimeSpan SpinTime { get; set; } = TimeSpan.FromMicroseconds(50);

    /// <summary>For a client to say which scheduler it wants, 100 ms to 5 min.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For one address of a scheduler to accept a connection, 100 ms to 5 min.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection waits for a route that is not there yet, 0 to 1 min; zero: closed at once.</summary>
    public TimeSpan RouteWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many connections may wait for a route at once, 0 to 1,000,000; those beyond are closed at once.</summary>
    public int MaxRouteWaiters { get; set; } = 1000;

    /// <summary>A connection on which no byte moved for so long is closed, 1 s to 365 days; zero, the default: never. A Dask connection may be silent for hours.</summary>
    public TimeSpan IdleTimeout { get; set; }

    /// <summary>The same once one end has finished sending, 1 s to 1 day; zero: never.</summary>
    public TimeSpan HalfCloseTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long open connections go on when the process is asked to stop, 0 to 1 h.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often schedulers' DNS names are looked up again, 1 s to 1 day.</summary>
    public TimeSpan ResolveInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of reverse proxies whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public IReadOnlyList<string> TrustedProxies { get; set; } = [];

    /// <summary>Addresses or networks of load balancers that may send a PROXY protocol header (version 1 or 2) first; none: the header is not understood.</summary>
    public IReadOnlyList<string> ProxyProtocolSources { get; set; } = [];

    /// <summary>How many connections are let in.</summary>
    public ProxyLimits Limits { get; set; } = new();

    /// <summary>How dead peers are noticed.</summary>
    public KeepAliveOptions KeepAlive { get; set; } = new();

    /// <summary>How dashboards are forwarded.</summary>
    public DashboardOptions Dashboards { get; set; } = new();
}
