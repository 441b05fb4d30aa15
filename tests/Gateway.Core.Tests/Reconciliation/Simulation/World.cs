using System.Globalization;
using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>Two replicas, two farms, schedulers and their users: a history is replayed step by step, and after each the rules must hold.</summary>
internal sealed partial class World : IDisposable
{
    private const int MaxClusters = 3;
    private readonly List<string> _violations = [];
    private readonly List<string> _created = [];
    private readonly Dictionary<string, FakeScheduler> _schedulers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _asked = new(StringComparer.Ordinal);
    private readonly Queue<(string Cluster, Heartbeat Heartbeat)> _delayed = [];
    private readonly Queue<(string Call, Func<object?> Run)> _frozen = [];
    private readonly Replica[] _replicas;
    private readonly StringBuilder? _log;
    private readonly bool _standard;
    private readonly PromptCheck _check;
    private int _names;
    private int _hosts;

    /// <param name="variant">Bits: the standard plugin (heartbeats without numbers); farms that go on showing ended jobs; schedulers' addresses are checked with their heartbeats.</param>
    /// <param name="log">Where to tell what happens; null: nowhere.</param>
    public World(int variant, StringBuilder? log = null)
    {
        _log = log;
        _standard = (variant & 1) != 0;
        Time.AutoAdvanceAmount = TimeSpan.Zero;
        Store = new MemoryStore(Time, Violate, Tell);
        Farms = new Dictionary<string, Farm>
        {
            ["schedd"] = new("schedd", Violate) { ShowsEnded = (variant & 2) != 0, ChecksAddressesAtOnce = (variant & 4) != 0 },
            ["pool"] = new("pool", Violate) { ShowsEnded = (variant & 2) != 0 },
        };
        _check = new PromptCheck(
            new BackendRegistry(Farms.Select(f => new BackendInstance(f.Key, f.Value, new DaskSettings(), Limits, new BackendHealth(Time)))), Store, Time, NullLogger<PromptCheck>.Instance);
        _replicas = [new Replica("r0.0", this, _frozen), new Replica("r1.0", this, _frozen)];
    }

    public static PlannerSettings Settings { get; } = new()
    {
        Backends = new HashSet<string> { "schedd", "pool" },
        ClusterStartTimeout = TimeSpan.FromSeconds(60),
        HeartbeatTimeout = TimeSpan.FromSeconds(90),
        WorkerStartTimeout = TimeSpan.FromSeconds(60),
        HeldTimeout = TimeSpan.FromSeconds(60),
        WorkerExitGrace = TimeSpan.FromSeconds(10),
        WorkerStartFailureLimit = 4,
        WorkerBackoff = TimeSpan.FromSeconds(1),
        MaxWorkerBackoff = TimeSpan.FromSeconds(15),
        IdleGrace = TimeSpan.FromSeconds(5),
    };

    public static ReconcilerSettings Loops { get; } = new() { Parallelism = 1, StrayGrace = TimeSpan.FromSeconds(30), StrayMinimum = 1000 };

    public static BackendLimits Limits { get; } = new() { CallTimeout = TimeSpan.FromSeconds(10) };

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public MemoryStore Store { get; }

    public IReadOnlyDictionary<string, Farm> Farms { get; }

    public IReadOnlyList<string> Violations => _violations;

    public string NewWorkerName(string cluster) => string.Create(CultureInfo.InvariantCulture, $"{cluster}-w{++_names}");

    public void Run(IEnumerable<Step> steps)
    {
        foreach (var step in steps)
        {
            Do(step);
            LeaveEnded();
            Check();
            if (_violations.Count > 0)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        foreach (var replica in _replicas)
        {
            replica.Dispose();
        }
    }

    private void Do(Step step)
    {
        var farm = Farms.Values.ElementAt(Pick(step.A, Farms.Count));
        switch (step.Kind)
        {
            case StepKind.Create when _created.Count < MaxClusters:
                Create(step.A, step.B);
                break;
            case StepKind.Scale when Cluster(step.A) is { } name && _schedulers.TryGetValue(name, out var scheduler):
                scheduler.Scale(_asked[name] = Pick(step.B, 7));
                Tell($"{name} is scaled to {_asked[name]}");
                break;
            case StepKind.Stop when Cluster(step.A) is { } name:
                Tell($"{name} is asked to stop");
                Store.RequestStopAsync(name, "Its owner stopped it.", failed: false, CancellationToken.None);
                break;
            case StepKind.AllRounds:
                Rounds();
                break;
            case StepKind.Reconcile:
                Round(step.A, r => r.Reconcile(), "reconciles");
                break;
            case StepKind.Execute:
                Round(step.A, r => r.Execute(Pick(step.B, Farms.Count)), $"executes for {Farms.Keys.ElementAt(Pick(step.B, Farms.Count))}");
                break;
            case StepKind.Monitor:
                Round(step.A, r => r.Monitor(Pick(step.B, Farms.Count)), $"monitors {Farms.Keys.ElementAt(Pick(step.B, Farms.Count))}");
                break;
            case StepKind.TimePasses:
                Pass(new[] { 0.1, 1, 2.5, 5, 11, 16, 31, 61, 100 }[Pick(step.B, 9)]);
                break;
            case StepKind.Proceed:
                for (int i = 0; i <= Pick(step.A, 8); i++)
                {
                    Environment();
                    Rounds();
                    LeaveEnded();
                    Time.Advance(TimeSpan.FromSeconds(1.5));
                }

                break;
            case StepKind.Outage:
                farm.Out = !farm.Out;
                Tell($"{Name(farm)} {(farm.Out ? "goes out" : "is back")}");
                break;
            case StepKind.AnswerLost:
                farm.LostAnswers = 1 + Pick(step.B, 2);
                Tell($"{Name(farm)} will lose {farm.LostAnswers} answers");
                break;
            case StepKind.Defer:
                farm.Deferrals = 1 + Pick(step.B, 3);
                Tell($"{Name(farm)} will put off {farm.Deferrals} starts");
                break;
            case StepKind.Refuse:
                farm.Refusals = 1 + Pick(step.B, 2);
                Tell($"{Name(farm)} will refuse {farm.Refusals} starts");
                break;
            case StepKind.SlowStops:
                farm.Slow = !farm.Slow;
                Tell($"{Name(farm)} ends jobs {(farm.Slow ? "slowly" : "at once")}");
                break;
            case StepKind.ForgetStop:
                farm.Forgotten = 1 + Pick(step.B, 2);
                Tell($"{Name(farm)} will forget {farm.Forgotten} stops");
                break;
            case StepKind.Stray:
                farm.AddStray($"stray{++_names}");
                Tell($"a stray appears at {Name(farm)}");
                break;
            case StepKind.ReplicaFails:
                var kind = (FaultKind)(1 + Pick(step.B, 5));
                int calls = 1 + Pick(step.B / 5, 12);
                _replicas[Pick(step.A, 2)].Faults.Set(calls, kind);
                Tell($"r{Pick(step.A, 2)} will {kind} at its call {calls} from now");
                break;
            case StepKind.FrozenThaws:
                Thaw();
                break;
            default:
                DoJob(step, farm);
                break;
        }
    }

    private void Create(int a, int b)
    {
        string name = $"c{_created.Count}";
        int? limit = Pick(a, 3) switch { 0 => null, 1 => 2, _ => 4 };
        _created.Add(name);
        Tell($"{name} is created{(limit is null ? "" : $" with at most {limit} workers")}");
        Store.CreateAsync(
            new NewCluster
            {
                Name = name,
                OwnerId = Guid.Empty,
                Options = "{}",
                Credentials = new ClusterCredentials("", "", ""),
                Spec = new ClusterSpec
                {
                    SchedulerBackend = "schedd",
                    WorkerBackend = Pick(b, 9) == 8 ? null : "pool",
                    Account = "somebody",
                    MaxWorkers = limit,
                },
            },
            CancellationToken.None);
    }

    private void Rounds()
    {
        for (int i = 0; i < _replicas.Length; i++)
        {
            Round(i, r => r.All(), null);
        }
    }

    private void Round(int index, Action<Replica> round, string? what)
    {
        int i = Pick(index, _replicas.Length);
        if (what is not null)
        {
            Tell($"r{i} {what}");
        }

        round(_replicas[i]);
        if (_replicas[i].Faults is { Dead: true, At: var at })
        {
            Tell($"r{i} died at {at} and starts anew");
            _replicas[i].Dispose();
            _replicas[i] = new Replica($"r{i}.{++_names}", this, _frozen);
        }
    }

    private void Thaw()
    {
        if (_frozen.TryDequeue(out var late))
        {
            Tell($"a frozen replica thaws and calls {late.Call}");
            foreach (var farm in Farms.Values)
            {
                farm.Thawing = late.Call == nameof(IJobBackend.StartAsync);
            }

            try
            {
                late.Run();
            }
            catch (BackendUnavailableException)
            {
                Tell("... and is not answered");
            }

            foreach (var farm in Farms.Values)
            {
                farm.Thawing = false;
            }
        }
    }

    private void Check()
    {
        foreach (var farm in Farms.Values)
        {
            foreach (var twice in farm.Living.GroupBy(j => j.Name).Where(g => g.Count() > 1))
            {
                Violate($"{twice.Key} lives {twice.Count()} times");
            }
        }

        foreach (var cluster in Store.Clusters)
        {
            int living = Farms["pool"].Living.Count(j => j.Cluster == cluster.Name && !Farms["pool"].Ghosts.Contains(j.Name));
            if (living > cluster.Spec.MaxWorkers)
            {
                Violate($"{cluster.Name} has {living} living worker jobs, allowed are {cluster.Spec.MaxWorkers}");
            }
        }
    }

    private void Pass(double seconds)
    {
        Tell($"{seconds} s pass");
        Time.Advance(TimeSpan.FromSeconds(seconds));
    }

    private void Violate(string what)
    {
        Tell($"VIOLATED: {what}");
        _violations.Add(what);
    }

    private void Tell(string what) => _log?.Append(CultureInfo.InvariantCulture, $"{(Time.GetUtcNow() - Time.Start).TotalSeconds,8:0.0}  {what}\n");

    private string? Cluster(int index) => _created.Count == 0 ? null : _created[Pick(index, _created.Count)];

    private string Name(Farm farm) => Farms.First(f => f.Value == farm).Key;

    private static int Pick(int index, int count) => count == 0 ? 0 : (int)((uint)index % (uint)count);
}
