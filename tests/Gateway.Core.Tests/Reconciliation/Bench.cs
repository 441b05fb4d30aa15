using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Gateway.Core.Tests.Clusters;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Reconciliation;

/// <summary>One farm, one store and the loops between them, each round of which a test asks for itself.</summary>
internal sealed class Bench : IDisposable
{
    private readonly List<IDisposable> _made = [];

    public Bench()
    {
        Store = new MemoryStore(Time, v => Assert.Fail(v));
        Farm = new Farm("pool", v => Assert.Fail(v));
        Instance = new BackendInstance("pool", Farm, new DaskSettings(), new BackendLimits { CallTimeout = TimeSpan.FromSeconds(10) }, new BackendHealth(Time));
        Faults = new Faults(new());
        Jobs = FaultProxy.Wrap<IJobStore>(Store, Faults);
    }

    public FakeTimeProvider Time { get; } = new(Given.Start);

    public MemoryStore Store { get; }

    public Farm Farm { get; }

    public BackendInstance Instance { get; }

    public ReconcilerSettings Settings { get; } = new() { StrayGrace = TimeSpan.FromSeconds(120) };

    public Faults Faults { get; }

    /// <summary>The store, through <see cref="Faults"/>.</summary>
    public IJobStore Jobs { get; }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GatewayMetrics Metrics { get; } = new(new UnreadMeters());

    public Executor Executor(IJobStore? jobs = null)
    {
        jobs ??= Jobs;
        var executor = new Executor(
            Instance, jobs, new UnheardSignal(), new StartRunner(Store, jobs, new DaskJobs("http://gateway/api")), Metrics, Settings, Time, new UnusedHost(), NullLogger<Executor>.Instance);
        _made.Add(executor);
        return executor;
    }

    public JobMonitor Monitor(IJobStore? jobs = null, IDutyStore? duties = null)
    {
        var monitor = new JobMonitor(Instance, jobs ?? Jobs, Sweeper(), Metrics, duties ?? Store, new ReplicaName("bench", "1"), Time, new UnusedHost(), NullLogger<JobMonitor>.Instance);
        _made.Add(monitor);
        return monitor;
    }

    /// <summary>What had died lives again: stands for another replica.</summary>
    public void Revive() => Faults.Revive();

    public StraySweeper Sweeper(IJobStore? jobs = null) => new(jobs ?? Jobs, Store, Settings, Metrics, Time, NullLogger<StraySweeper>.Instance);

    /// <summary>A cluster that has been taken on.</summary>
    public Task CreateAsync(string name) => Store.CreateAsync(
        new NewCluster { Name = name, OwnerId = Guid.Empty, Options = "{}", Spec = Given.Spec, Credentials = new ClusterCredentials("", "", "") }, Cancellation);

    /// <summary>A running cluster with workers to be started.</summary>
    public async Task AddClusterAsync(string name, params string[] workers)
    {
        await CreateAsync(name);
        await SaveAsync(
            name,
            c => c with { Phase = ClusterPhase.Running, SchedulerAddress = "tls://10.0.0.1:8786" },
            [.. workers.Select(w => Given.Worker(w) with { Cluster = name })],
            [.. workers.Select(w => Entry(OutboxAction.Start, name, w))]);
    }

    public async Task SaveAsync(string name, Func<Cluster, Cluster> change, Worker[]? workers = null, params OutboxEntry[] outbox)
    {
        await Store.RecordClientsAsync("", new Dictionary<string, int> { [name] = 1 }, Cancellation);
        var claim = (await Store.ClaimAsync("test", 100, TimeSpan.FromSeconds(1), Cancellation)).Claims.Single(c => c.Cluster == name);
        var known = Store.Workers(name).Select(w => w.Name).ToHashSet();
        Assert.Equal(SaveOutcome.Saved, await Store.SaveAsync(
            new PlanSave
            {
                Claim = claim,
                Revision = Store.Cluster(name).Revision,
                Cluster = change(Store.Cluster(name)),
                NewWorkers = [.. (workers ?? []).Where(w => !known.Contains(w.Name))],
                ChangedWorkers = [.. (workers ?? []).Where(w => known.Contains(w.Name))],
                Outbox = outbox,
            },
            Cancellation));
    }

    /// <summary>Workers are no longer wanted.</summary>
    public Task StopAsync(string cluster, params string[] workers) => SaveAsync(
        cluster,
        c => c,
        [.. workers.Select(w => Store.Workers(cluster).Single(x => x.Name == w) with { Phase = WorkerPhase.Stopping, Outcome = WorkerPhase.Stopped, StopSaved = true, LeavingAt = Store.Now })],
        [.. workers.Select(w => Entry(OutboxAction.Stop, cluster, w))]);

    public static OutboxEntry Entry(OutboxAction action, string cluster, string job) =>
        new() { Action = action, Job = job, Kind = job == cluster ? JobKind.Scheduler : JobKind.Worker, Cluster = cluster, Backend = "pool" };

    public void Dispose() => _made.ForEach(m => m.Dispose());
}
