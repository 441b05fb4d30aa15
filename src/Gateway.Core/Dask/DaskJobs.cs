using System.Globalization;
using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Dask;

/// <summary>Turns clusters and workers into jobs: command line, environment and files.</summary>
/// <param name="apiUrl">The gateway's API as schedulers reach it, such as <c>http://gateway:8000/api</c>.</param>
public sealed class DaskJobs(string apiUrl)
{
    /// <summary>What a scheduler's TLS name starts with; the cluster's name follows.</summary>
    public const string ServerNamePrefix = "daskgateway-";

    /// <summary>What follows the cluster's name where one of its own workers comes through the gateway: workers are told apart from clients by it.</summary>
    public const string WorkerNameSuffix = ".worker";

    private const string CertificateFile = "dask.crt";
    private const string KeyFile = "dask.pem";
    private const string TokenFile = "api-token";
    private const string SchedulerPluginFile = "gateway_scheduler.py";
    private const string WorkerPluginFile = "gateway_worker.py";

    private readonly JobFile _schedulerPlugin = Embedded(SchedulerPluginFile);
    private readonly JobFile _workerPlugin = Embedded(WorkerPluginFile);

    /// <summary>The job of a cluster's scheduler.</summary>
    public JobStart Scheduler(Cluster cluster, ClusterCredentials credentials, DaskSettings dask, int attempt)
    {
        List<string> command = [.. dask.SchedulerCommand.DefaultIfEmpty("dask-scheduler"), "--protocol", "tls", "--port", Text(dask.SchedulerPort)];
        AddIf(command, "--host", dask.SchedulerHost);
        AddIf(command, "--interface", dask.Interface);
        command.AddRange(["--dashboard-address", $"{dask.SchedulerHost}:{dask.DashboardPort}"]);
        command.AddRange(["--preload", dask.Plugin == SchedulerPlugin.Gateway ? $"./{SchedulerPluginFile}" : "dask_gateway.scheduler_preload"]);
        command.AddRange(["--dg-api-address", $"{dask.SchedulerHost}:{dask.ApiPort}"]);
        command.AddRange(["--dg-heartbeat-period", Text(dask.HeartbeatPeriod)]);
        command.AddRange(["--dg-adaptive-period", Text(dask.AdaptivePeriod)]);
        command.AddRange(["--dg-idle-timeout", Text(cluster.Spec.IdleTimeout?.TotalSeconds ?? 0)]);
        command.AddRange(dask.SchedulerArguments);

        var environment = Environment(cluster, dask, "SCHEDULER");
        environment["DASK_GATEWAY_API_URL"] = apiUrl;
        environment["DASK_GATEWAY_API_TOKEN"] = $"./{TokenFile}";

        List<JobFile> files = [.. Credentials(credentials), new JobFile(TokenFile, Encoding.UTF8.GetBytes(credentials.Token))];
        if (dask.Plugin == SchedulerPlugin.Gateway)
        {
            files.Add(_schedulerPlugin);
        }

        return new JobStart
        {
            Name = cluster.Name,
            Cluster = cluster.Name,
            Kind = JobKind.Scheduler,
            Attempt = attempt,
            Spec = cluster.Spec,
            Resources = cluster.Spec.Scheduler,
            Command = command,
            Environment = environment,
            Files = files,
        };
    }

    /// <summary>The job of a worker of a running cluster.</summary>
    /// <param name="cluster">The cluster; its scheduler's address is known.</param>
    /// <param name="worker">The worker.</param>
    /// <param name="credentials">The cluster's secrets; workers get certificate and key, not the token.</param>
    /// <param name="dask">The backend instance's settings.</param>
    /// <param name="maxDuration">After how long the backend ends a job; null: never.</param>
    /// <param name="attempt">See <see cref="JobStart.Attempt"/>.</param>
    public JobStart Worker(Cluster cluster, Worker worker, ClusterCredentials credentials, DaskSettings dask, TimeSpan? maxDuration, int attempt)
    {
        var resources = worker.Resources;
        string address = dask.WorkerRoute == WorkerRoute.Proxy ? $"tls://{dask.ProxyAddress}" : cluster.SchedulerAddress!;
        List<string> command =
        [
            .. dask.WorkerCommand.DefaultIfEmpty("dask-worker"), address,
            "--name", worker.Name,
            "--nthreads", Text(resources.Threads ?? Math.Max(1, (int)resources.Cores)),
            "--memory-limit", Text(resources.Memory),
            "--preload", $"./{WorkerPluginFile}",
            "--death-timeout", Text(dask.DeathTimeout),
            .. dask.Nanny ? new[] { "--nanny", "--preload-nanny", $"./{WorkerPluginFile}" } : ["--no-nanny"],
        ];
        if (dask.WorkerRoute == WorkerRoute.Proxy)
        {
            command.AddRange(["--scheduler-sni", WorkerServerName(cluster)]);
        }

        command.AddRange(dask.WorkerDashboard ? ["--dashboard-address", ":0"] : ["--no-dashboard"]);
        AddIf(command, "--interface", dask.Interface);
        AddIf(command, "--worker-port", dask.WorkerPorts);
        AddIf(command, "--nanny-port", dask.Nanny ? dask.NannyPorts : "");
        AddIf(command, "--contact-address", dask.ContactAddress);
        if (maxDuration is { } most)
        {
            double lifetime = Math.Max(60, most.TotalSeconds - dask.LifetimeMargin - dask.LifetimeStagger);
            command.AddRange(["--lifetime", $"{Text(lifetime)}s", "--lifetime-stagger", $"{Text(Math.Min(dask.LifetimeStagger, lifetime / 2))}s"]);
        }

        command.AddRange(dask.WorkerArguments);
        var environment = Environment(cluster, dask, "WORKER");
        environment["DASK_GATEWAY_WORKER_NAME"] = worker.Name;
        environment["DASK_GATEWAY_REPLACE_AHEAD"] = Text(dask.ReplaceAhead);
        if (dask.WorkerRoute == WorkerRoute.Proxy)
        {
            environment["DASK_GATEWAY_SCHEDULER_NAME"] = WorkerServerName(cluster);
        }

        return new JobStart
        {
            Name = worker.Name,
            Cluster = cluster.Name,
            Kind = JobKind.Worker,
            Attempt = attempt,
            Spec = cluster.Spec,
            Resources = resources,
            Command = command,
            Environment = environment,
            Files = [.. Credentials(credentials), _workerPlugin],
        };
    }

    private static string WorkerServerName(Cluster cluster) => ServerNamePrefix + cluster.Name + WorkerNameSuffix;

    private static Dictionary<string, string> Environment(Cluster cluster, DaskSettings dask, string role)
    {
        // The user's own first: what keeps the cluster together cannot be overridden.
        var environment = new Dictionary<string, string>(cluster.Spec.Environment, StringComparer.Ordinal);
        foreach (var (name, value) in dask.Environment)
        {
            environment[name] = value;
        }

        environment["DASK_GATEWAY_CLUSTER_NAME"] = cluster.Name;
        environment["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] = "True";
        environment["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = $"./{CertificateFile}";
        environment[$"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = $"./{CertificateFile}";
        environment[$"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = $"./{KeyFile}";
        return environment;
    }

    private static JobFile[] Credentials(ClusterCredentials credentials) =>
    [
        new(CertificateFile, Encoding.UTF8.GetBytes(credentials.Certificate)),
        new(KeyFile, Encoding.UTF8.GetBytes(credentials.Key)),
    ];

    private static void AddIf(List<string> command, string option, string value)
    {
        if (value.Length > 0)
        {
            command.AddRange([option, value]);
        }
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static JobFile Embedded(string name)
    {
        using var stream = typeof(DaskJobs).Assembly.GetManifestResourceStream($"Gateway.Core.Dask.Plugin.{name}")
            ?? throw new InvalidOperationException($"The plugin {name} is missing from this build.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new JobFile(name, bytes);
    }
}
