using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>Section <c>Clusters</c>: what a cluster is before its owner's options are applied.</summary>
public sealed record ClusterDefaults
{
    /// <summary>The section's name.</summary>
    public const string Section = "Clusters";

    /// <summary>Name of the backend instance that runs schedulers.</summary>
    public string SchedulerBackend { get; init; } = "local";

    /// <summary>Name of the backend instance that runs workers; null (<c>None</c>) when somebody else submits them.</summary>
    public string? WorkerBackend { get; init; } = "local";

    /// <summary>Resources of a scheduler.</summary>
    public JobResources Scheduler { get; init; } = new();

    /// <summary>Resources of a worker.</summary>
    public JobResources Worker { get; init; } = new();

    /// <summary>See <see cref="ClusterSpec.IdleTimeout"/>.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>See <see cref="ClusterSpec.NoClientTimeout"/>.</summary>
    public TimeSpan? NoClientTimeout { get; init; }

    /// <summary>See <see cref="ClusterSpec.MaxLifetime"/>.</summary>
    public TimeSpan? MaxLifetime { get; init; }

    /// <summary>See <see cref="ClusterSpec.Image"/>.</summary>
    public string? Image { get; init; }

    /// <summary>See <see cref="ClusterSpec.Environment"/>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>See <see cref="ClusterSpec.Backend"/>.</summary>
    public IReadOnlyDictionary<string, string> Backend { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a cluster's certificate is valid, above 0.</summary>
    public TimeSpan CertificateLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>The specification of a cluster whose owner asked for nothing.</summary>
    public ClusterSpec Spec(string account) => new()
    {
        Account = account,
        SchedulerBackend = SchedulerBackend,
        WorkerBackend = WorkerBackend,
        Scheduler = Scheduler,
        Worker = Worker,
        IdleTimeout = IdleTimeout,
        NoClientTimeout = NoClientTimeout,
        MaxLifetime = MaxLifetime,
        Image = Image,
        Environment = Environment,
        Backend = Backend,
    };

    internal static ClusterDefaults Read(SettingsReader settings)
    {
        var defaults = new ClusterDefaults();
        var environment = settings.Texts("Environment");
        foreach (var name in environment.Keys.Where(name => EnvironmentNames.Problem(name) is not null))
        {
            settings.Fail($"Environment:{name}", EnvironmentNames.Problem(name)!);
        }

        return defaults with
        {
            SchedulerBackend = settings.Text("SchedulerBackend") ?? defaults.SchedulerBackend,
            WorkerBackend = settings.IsNone("WorkerBackend") ? null : settings.Text("WorkerBackend") ?? defaults.WorkerBackend,
            Scheduler = Resources(settings.Below("Scheduler"), "Cores", "Memory", "Disk", "Gpus"),
            Worker = Resources(settings.Below("Worker"), "Cores", "Memory", "Disk", "Gpus", "Threads"),
            IdleTimeout = settings.Timeout("IdleTimeout"),
            NoClientTimeout = settings.Timeout("NoClientTimeout"),
            MaxLifetime = settings.Timeout("MaxLifetime"),
            Image = settings.Text("Image"),
            Environment = environment,
            Backend = settings.Texts("Backend"),
            CertificateLifetime = settings.Time("CertificateLifetime") ?? defaults.CertificateLifetime,
        };
    }

    private static JobResources Resources(SettingsReader settings, params string[] keys)
    {
        settings.Allow(keys);
        var defaults = new JobResources();
        return new()
        {
            Cores = settings.Positive("Cores") ?? defaults.Cores,
            Memory = settings.Size("Memory") ?? defaults.Memory,
            Disk = settings.Size("Disk"),
            Gpus = settings.Whole("Gpus", 0) ?? defaults.Gpus,
            Threads = keys.Contains("Threads") ? settings.Whole("Threads", 1) : null,
        };
    }
}
