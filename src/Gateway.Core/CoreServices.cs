using System.Diagnostics.Metrics;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Core;

/// <summary>Registers Core's loops and what they need. The store and the backends' plugins are registered by others.</summary>
public static class CoreServices
{
    /// <summary>Adds the planner, the reconciler, executors, monitors and housekeeping.</summary>
    /// <param name="services">Where to add them.</param>
    /// <param name="configuration">Sections <c>Lifecycle</c>, <c>Reconciliation</c> and <c>Backends</c>.</param>
    /// <param name="settings">Asked for once, when the first service that needs them is made.</param>
    public static IServiceCollection AddGatewayCore(this IServiceCollection services, IConfiguration configuration, Func<IServiceProvider, CoreSettings> settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<GatewayIdentityAccessor>();
        services.AddSingleton(settings);
        services.AddSingleton(s => new ReplicaName($"{s.GetRequiredService<CoreSettings>().Node}-{Environment.ProcessId}-{RandomName.ForWorker("r")[2..]}", s.GetRequiredService<CoreSettings>().Version));
        services.AddSingleton<GatewayMetrics>();
        services.TryAddSingleton<HearingLoss>();
        services.AddSingleton(_ => Bind(configuration, "Reconciliation", new ReconcilerSettings(), LoopSettingsValidator.Failures));
        services.AddSingleton(s => Bind(configuration, "Lifecycle", new PlannerSettings(), LoopSettingsValidator.Failures) with
        {
            Backends = s.GetRequiredService<BackendRegistry>().Names,
            CountingTakes = s.GetRequiredService<ReconcilerSettings>().PresencePeriod * 2,
        });
        services.AddSingleton(s => new ClusterPlanner(s.GetRequiredService<PlannerSettings>(), RandomName.ForWorker));
        services.AddSingleton(s => new DaskJobs(s.GetRequiredService<CoreSettings>().ApiUrl));
        services.AddSingleton(s => new BackendLoader(s.GetServices<IBackendPlugin>(), configuration, (name, section) => Context(s, name, section)).Load());
        services.AddSingleton<StartRunner>();
        services.AddSingleton<StraySweeper>();
        services.AddSingleton(s => new JobLogStore(
            Path.Combine(s.GetRequiredService<CoreSettings>().DataFolder, "logs"),
            s.GetRequiredService<BackendRegistry>(),
            s.GetRequiredService<ReconcilerSettings>(),
            s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IJobLogs>(s => s.GetRequiredService<JobLogStore>());
        services.AddHostedService<PulseKeeper>();
        services.AddHostedService<Reconciler>();
        services.AddHostedService<BackendLoops>();
        services.AddHostedService<Housekeeper>();
        return services;
    }

    private static T Bind<T>(IConfiguration configuration, string section, T settings, Func<string, T, IEnumerable<string>> failures)
        where T : class
    {
        try
        {
            configuration.GetSection(section).Bind(settings);
        }
        catch (InvalidOperationException e)
        {
            throw new OptionsValidationException(section, typeof(T), [$"{section}: {e.Message} {e.InnerException?.Message}".Trim()]);
        }

        string[] found = [.. failures(section, settings)];
        return found.Length == 0 ? settings : throw new OptionsValidationException(section, typeof(T), found);
    }

    private static BackendContext Context(IServiceProvider services, string name, IConfigurationSection section)
    {
        var core = services.GetRequiredService<CoreSettings>();
        return new BackendContext
        {
            Instance = name,
            Configuration = section,
            GatewayId = services.GetRequiredService<GatewayIdentityAccessor>().Identity.Id,
            GatewayLabel = core.Label,
            Node = core.Node,
            DataFolder = Path.Combine(core.DataFolder, "backends", name),
            Time = services.GetRequiredService<TimeProvider>(),
            Loggers = services.GetRequiredService<ILoggerFactory>(),
            Meters = services.GetRequiredService<IMeterFactory>(),
        };
    }
}
