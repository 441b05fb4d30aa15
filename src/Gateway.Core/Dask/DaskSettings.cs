namespace Gateway.Core.Dask;

/// <summary>How Dask's processes are started on one backend instance: section <c>Backends:{name}:Dask</c>.</summary>
public sealed class DaskSettings
{
    // Lists start empty: the configuration's binder appends to what is there already.

    /// <summary>Executable and first arguments of a scheduler; empty: <c>dask-scheduler</c>.</summary>
    public IReadOnlyList<string> SchedulerCommand { get; set; } = [];

    /// <summary>Executable and first arguments of a worker; empty: <c>dask-worker</c>.</summary>
    public IReadOnlyList<string> WorkerCommand { get; set; } = [];

    /// <summary>Further arguments of a scheduler.</summary>
    public IReadOnlyList<string> SchedulerArguments { get; set; } = [];

    /// <summary>Further arguments of a worker.</summary>
    public IReadOnlyList<string> WorkerArguments { get; set; } = [];

    /// <summary>Which plugin the scheduler loads.</summary>
    public SchedulerPlugin Plugin { get; set; } = SchedulerPlugin.Gateway;

    /// <summary>What a scheduler binds to; empty: all interfaces.</summary>
    public string SchedulerHost { get; set; } = "";

    /// <summary>The scheduler's port, 0 to 65535; 0: any free one.</summary>
    public int SchedulerPort { get; set; }

    /// <summary>The dashboard's port, 0 to 65535; 0: any free one.</summary>
    public int DashboardPort { get; set; }

    /// <summary>The command port of the plugin, 0 to 65535; 0: any free one.</summary>
    public int ApiPort { get; set; }

    /// <summary>The interface whose address a scheduler or worker announces, such as <c>eth0</c>; empty: Dask decides.</summary>
    public string Interface { get; set; } = "";

    /// <summary>Whether workers reach their scheduler directly or through the gateway's port.</summary>
    public WorkerRoute WorkerRoute { get; set; } = WorkerRoute.Direct;

    /// <summary><c>host:port</c> of the gateway as workers reach it; needed for <see cref="WorkerRoute.Proxy"/>.</summary>
    public string ProxyAddress { get; set; } = "";

    /// <summary>Ports of a worker, <c>first:last</c>; empty: any free one.</summary>
    public string WorkerPorts { get; set; } = "";

    /// <summary>Ports of a worker's nanny, <c>first:last</c>; empty: any free one.</summary>
    public string NannyPorts { get; set; } = "";

    /// <summary>The address by which others reach a worker, where it differs.</summary>
    public string ContactAddress { get; set; } = "";

    /// <summary>Whether each worker is watched by a nanny process.</summary>
    public bool Nanny { get; set; } = true;

    /// <summary>Whether workers serve a dashboard of their own.</summary>
    public bool WorkerDashboard { get; set; } = true;

    /// <summary>Seconds between heartbeats, 1 or more.</summary>
    public double HeartbeatPeriod { get; set; } = 15;

    /// <summary>Seconds between adaptive decisions, more than 0.</summary>
    public double AdaptivePeriod { get; set; } = 3;

    /// <summary>Seconds without a connection to its scheduler after which a worker ends itself, more than 0.</summary>
    public double DeathTimeout { get; set; } = 60;

    /// <summary>How long before the batch system's limit a worker hands its data over and ends, in seconds; only where the backend limits its jobs.</summary>
    public double LifetimeMargin { get; set; } = 300;

    /// <summary>How far the ends of workers started together are spread, in seconds.</summary>
    public double LifetimeStagger { get; set; } = 120;

    /// <summary>
    /// How long before a worker leaves because its time is over its replacement is started, in seconds; half of its time at most, 0: not before it has left.
    /// It leaves as soon as the replacement has connected.
    /// </summary>
    public double ReplaceAhead { get; set; } = 300;

    /// <summary>Further environment variables of scheduler and workers. Never secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();
}
