using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>One gateway process: the real loops, one round at a time, over the store and farms that all share.</summary>
internal sealed class Replica : IDisposable
{
    private static readonly GatewayMetrics Metrics = new(new UnreadMeters());
    private static readonly DaskJobs Dask = new("http://gateway/api");
    private readonly Reconciler _reconciler;
    private readonly List<Executor> _executors = [];
    private readonly List<JobMonitor> _monitors = [];
    private readonly PulseKeeper _pulse;

    public Replica(string name, World world, Queue<(string Call, Func<object?> Run)> frozen)
    {
        Faults = new Faults(frozen);
        var reconcile = FaultProxy.Wrap<IReconcileStore>(world.Store, Faults);
        var jobs = FaultProxy.Wrap<IJobStore>(world.Store, Faults);
        var clusters = FaultProxy.Wrap<IClusterStore>(world.Store, Faults);
        var duties = FaultProxy.Wrap<IDutyStore>(world.Store, Faults);
        var (time, host) = (world.Time, new UnusedHost());
        var signal = new UnheardSignal();
        var replica = new ReplicaName(name, "1");
        var planner = new ClusterPlanner(World.Settings, world.NewWorkerName);
        var settings = World.Loops;
        var starts = new StartRunner(clusters, jobs, Dask);
        var sweeper = new StraySweeper(jobs, clusters, settings, Metrics, time, NullLogger<StraySweeper>.Instance);
        _reconciler = new Reconciler(reconcile, signal, planner, replica, settings, Metrics, time, host, NullLogger<Reconciler>.Instance);
        _pulse = new PulseKeeper(jobs, new HearingLoss(), replica, settings, World.Settings, time, host, NullLogger<PulseKeeper>.Instance);
        foreach (var (backend, farm) in world.Farms)
        {
            var instance = new BackendInstance(backend, FaultProxy.Wrap<IJobBackend>(farm, Faults), new DaskSettings(), World.Limits, new BackendHealth(time, new Random(1)));
            _executors.Add(new Executor(instance, jobs, signal, starts, Metrics, settings, time, host, NullLogger<Executor>.Instance));
            _monitors.Add(new JobMonitor(instance, jobs, sweeper, Metrics, duties, replica, time, host, NullLogger<JobMonitor>.Instance));
        }
    }

    public Faults Faults { get; }

    public void Reconcile() => Round(_reconciler);

    public void Execute(int backend) => Round(_executors[backend]);

    public void Monitor(int backend) => Round(_monitors[backend]);

    public void Pulse() => Round(_pulse);

    public void All()
    {
        Pulse();
        Reconcile();
        for (int backend = 0; backend < _executors.Count; backend++)
        {
            Execute(backend);
            Monitor(backend);
        }
    }

    public void Dispose()
    {
        _reconciler.Dispose();
        _executors.ForEach(e => e.Dispose());
        _monitors.ForEach(m => m.Dispose());
        _pulse.Dispose();
    }

    private void Round(LoopService loop)
    {
        if (Faults.Dead)
        {
            return;
        }

        try
        {
            loop.RunOnceAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e) when (Faults.Dead || e is StoreUnavailableException)
        {
            // What the loop itself would have logged; the dead are replaced by the world.
        }
    }
}
