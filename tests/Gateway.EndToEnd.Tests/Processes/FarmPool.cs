using Gateway.Testing;

namespace Gateway.EndToEnd.Tests.Processes;

/// <summary>The real pool of <c>tests/pool/pool.sh</c>, and what a gateway needs to use it from outside its chroot.</summary>
public sealed class FarmPool : IAsyncLifetime
{
    private HTCondorPool? _pool;

    private static string Root => HTCondorPool.Root;

    /// <summary>A folder in the pool that everybody can read: scenarios and schedulers' folders lie here.</summary>
    public string Folder { get; } = Path.Combine(Root, "srv", $"e2e-{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync()
    {
        _pool = await HTCondorPool.HoldAsync();
        if (_pool.Missing is not null)
        {
            return;
        }

        Directory.CreateDirectory(Folder);
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "python")))
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_pool is not null)
        {
            await _pool.DisposeAsync();
        }

        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Skips the test where this machine can have no pool; gives it an empty queue where it has one.</summary>
    public async Task RequireAsync()
    {
        if (_pool?.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        await HTCondorPool.ClearAsync();
    }

    /// <summary>Settings of a gateway whose workers are jobs of this pool.</summary>
    /// <param name="schedulerBackend"><c>farm</c>: a job too. <c>near</c>: a process beside the gateway, with the pool's Dask.</param>
    /// <param name="throughProxy">Whether workers come in through the gateway's port.</param>
    public async Task<Dictionary<string, string>> SettingsAsync(string schedulerBackend, bool throughProxy)
    {
        string account = await HTCondorPool.AccountAsync("gateway");
        var settings = new Dictionary<string, string>
        {
            ["Clusters:SchedulerBackend"] = schedulerBackend,
            ["Clusters:WorkerBackend"] = "farm",
            ["Clusters:Worker:Memory"] = "512 MiB",
            ["Clusters:Scheduler:Memory"] = "512 MiB",
            ["Options:1:Default"] = "0.5",
            ["Backends:farm:Type"] = "HTCondor",
            ["Backends:farm:ListPeriod"] = "00:00:02",
            ["Backends:farm:Folder"] = Path.Combine(Root, "home/gateway", Path.GetFileName(Folder)),
            ["Backends:farm:Tools:Root"] = Root,
            ["Backends:farm:Tools:CommandPrefix:0"] = "chroot",
            ["Backends:farm:Tools:CommandPrefix:1"] = $"--userspec={account}",
            ["Backends:farm:Tools:CommandPrefix:2"] = Root,
            ["Backends:farm:Tools:Environment:HOME"] = "/home/gateway",
            ["Backends:farm:Files:Owner"] = account,
            ["Backends:farm:Submit:Disk"] = "1000000",
            ["Backends:farm:Submit:LeaseDuration"] = "00:00:30",
            ["Backends:farm:Submit:MaxVacateTime"] = "00:00:05",
            ["Backends:farm:Identity:Mode"] = "Token",
            ["Backends:farm:Identity:Token:KeyFile"] = Path.Combine(Root, "etc/condor/passwords.d/GATEWAY"),
            ["Backends:farm:Identity:Token:TrustDomain"] = Environment.MachineName,
            ["Backends:farm:Identity:Token:UserDomain"] = Environment.MachineName,
            ["Backends:farm:EventLog:Path"] = Path.Combine(Root, "var/log/condor/EventLog"),
            ["Backends:farm:Dask:SchedulerHost"] = "127.0.0.1",
            ["Backends:farm:Dask:SchedulerCommand:0"] = "/usr/bin/dask-scheduler",
            ["Backends:farm:Dask:WorkerCommand:0"] = "/usr/bin/dask-worker",
            ["Backends:near:Type"] = "Local",
            ["Backends:near:Folder"] = Path.Combine(Folder, "near"),
            ["Backends:near:Dask:SchedulerHost"] = "127.0.0.1",
            ["Backends:near:Dask:SchedulerCommand:0"] = "/bin/sh",
            ["Backends:near:Dask:SchedulerCommand:1"] = "-c",
            ["Backends:near:Dask:SchedulerCommand:2"] = $"here=${{PWD#{Root}}}; exec chroot '{Root}' sh -c 'cd \"$0\" && exec dask-scheduler \"$@\"' \"$here\" \"$@\"",
            ["Backends:near:Dask:SchedulerCommand:3"] = "scheduler",
        };
        if (throughProxy)
        {
            settings["Backends:farm:Dask:WorkerRoute"] = "Proxy";
            settings["Backends:farm:Dask:ProxyAddress"] = "127.0.0.1:{port}";
        }

        return settings;
    }

    /// <summary>Runs a scenario inside the pool, where its Dask is, as one of its users.</summary>
    internal async Task RunScenarioAsync(string name, string user, GatewayProcess gateway, CancellationToken cancellationToken)
    {
        using var scenario = StartScenario(name, user, gateway);
        await scenario.ReachAsync("ok", cancellationToken);
    }

    /// <summary>Starts a scenario inside the pool as one of its users.</summary>
    internal Scenario StartScenario(string name, string user, GatewayProcess gateway)
    {
        string inside = Folder[Root.TrimEnd('/').Length..];
        return Scenario.Start(
            gateway, HTCondorPool.Command(user, "env", $"GATEWAY={gateway.Url}", $"GATEWAY_USER={user}", "PYTHONUNBUFFERED=1", "python3", $"{inside}/{name}.py"));
    }

    /// <summary>Runs a command in the pool as root.</summary>
    internal async Task<string> ExecAsync(params string[] command) => (await HTCondorPool.ExecAsync("root", command)).Output.Trim();

    /// <summary>What the queue says of the workers' jobs that run or wait: numbers and names.</summary>
    internal async Task<IReadOnlyList<(string Id, string Name)>> WorkersAsync()
    {
        string text = await ExecAsync("condor_q", "-allusers", "-constraint", "DaskGatewayKind == \"Worker\" && JobStatus != 3 && JobStatus != 4", "-af:j", "DaskGatewayJob");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Where(words => words.Length == 2).Select(words => (words[0], words[1]))];
    }
}
