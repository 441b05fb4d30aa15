using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>The store's promises, in memory: leases, generations, wake counters, the outbox and its claims. Whatever breaks a rule is told to <paramref name="violation"/>.</summary>
internal sealed partial class MemoryStore(TimeProvider time, Action<string> violation, Action<string>? tell = null) : IReconcileStore
{
    private readonly Dictionary<string, ClusterRow> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, OutboxRow> _outbox = [];
    private readonly HashSet<string> _startsSaved = new(StringComparer.Ordinal);
    private readonly List<ClusterEvent> _events = [];
    private long _ids;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Saves that changed something: at rest there are none.</summary>
    public int Changes { get; private set; }

    public IReadOnlyList<ClusterEvent> Events => _events;

    public IEnumerable<Cluster> Clusters => _clusters.Values.Select(r => r.Cluster);

    public IReadOnlyDictionary<string, Job> Jobs => _jobs;

    public IEnumerable<OutboxEntry> Outbox => _outbox.Values.Select(r => r.Entry);

    public Cluster Cluster(string name) => _clusters[name].Cluster;

    public ClusterInbox Inbox(string name) => _clusters[name].Inbox;

    public IEnumerable<Worker> Workers(string cluster) => _clusters[cluster].Workers.Values;

    public bool StartWasSaved(string job) => _startsSaved.Contains(job);

    public Task<ClaimBatch> ClaimAsync(string replica, int max, TimeSpan lease, CancellationToken cancellationToken)
    {
        var claims = new List<Claim>();
        foreach (var row in _clusters.Values.Where(r => r.ClaimableAt <= Now).OrderBy(r => r.ClaimableAt).Take(max))
        {
            row.LeaseUntil = Now + lease;
            claims.Add(new Claim(row.Cluster.Name, ++row.Generation, row.Wake));
        }

        return Task.FromResult(new ClaimBatch(Now, claims));
    }

    public Task<(DateTimeOffset Now, DateTimeOffset? DueAt)> NextDueAsync(CancellationToken cancellationToken) =>
        Task.FromResult((Now, _clusters.Values.Min(r => r.ClaimableAt)));

    public Task<IReadOnlyDictionary<string, ClusterSnapshot>> LoadAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) =>
        SnapshotsAsync([.. claims.Select(c => c.Cluster)], cancellationToken);

    public Task<SaveOutcome> SaveAsync(PlanSave plan, CancellationToken cancellationToken)
    {
        if (!_clusters.TryGetValue(plan.Claim.Cluster, out var row) || row.Generation != plan.Claim.Generation || !(row.LeaseUntil > Now) || row.Cluster.Revision != plan.Revision)
        {
            return Task.FromResult(SaveOutcome.Lost);
        }

        Check(row, plan);
        bool changed = plan.Cluster is not null || plan.NewWorkers.Count + plan.ChangedWorkers.Count + plan.Outbox.Count > 0;
        if (changed)
        {
            Changes++;
            row.Cluster = (plan.Cluster ?? row.Cluster) with { Revision = row.Cluster.Revision + 1 };
        }

        foreach (var worker in plan.NewWorkers.Concat(plan.ChangedWorkers))
        {
            row.Workers[worker.Name] = worker;
        }

        foreach (var entry in plan.Outbox)
        {
            // One entry per job and action: a later one takes the place of an earlier one, whose claim is lost with it.
            Remove(entry.Job, entry.Action);
            long id = ++_ids;
            _outbox[id] = new OutboxRow(entry with { Id = id }) { DueAt = Now };
            if (entry.Action == OutboxAction.Start)
            {
                _startsSaved.Add(entry.Job);
            }
        }

        Add(plan.Events);
        row.LeaseUntil = null;
        row.DueAt = row.Cluster.Phase.IsEnded() ? null : row.Wake == plan.Claim.Wake ? plan.DueAt : Now;
        return Task.FromResult(SaveOutcome.Saved);
    }

    public Task RestAsync(IReadOnlyList<(Claim Claim, DateTimeOffset? DueAt)> plans, CancellationToken cancellationToken)
    {
        foreach (var (claim, dueAt) in plans)
        {
            if (_clusters.TryGetValue(claim.Cluster, out var row) && row.Generation == claim.Generation && row.LeaseUntil > Now)
            {
                row.LeaseUntil = null;
                row.DueAt = row.Cluster.Phase.IsEnded() ? null : row.Wake == claim.Wake ? dueAt : Now;
            }
        }

        return Task.CompletedTask;
    }

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, DateTimeOffset dueAt, CancellationToken cancellationToken)
    {
        foreach (var claim in claims)
        {
            if (_clusters.TryGetValue(claim.Cluster, out var row) && row.Generation == claim.Generation)
            {
                row.LeaseUntil = null;
                row.DueAt = row.Wake == claim.Wake ? dueAt : Now;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Rules that no plan may break, whatever it was computed from.</summary>
    private void Check(ClusterRow row, PlanSave plan)
    {
        var before = row.Cluster;
        var after = plan.Cluster ?? before;
        Require(after.Phase >= before.Phase && !(before.Phase.IsEnded() && after != before), $"{before.Name} went from {before.Phase} to {after.Phase}");
        Require(plan.DueAt is null || plan.DueAt > Now - TimeSpan.FromMinutes(10), $"{before.Name} is due long ago: {plan.DueAt}");
        foreach (var worker in plan.ChangedWorkers)
        {
            var was = row.Workers.GetValueOrDefault(worker.Name);
            Require(was is not null && !was.Phase.IsEnded(), $"{worker.Name} was changed after its end");
            Require(!worker.Phase.IsEnded() || (_jobs.GetValueOrDefault(worker.Name)?.State == JobState.Ended), $"{worker.Name} ended before its job");
            Require(was is not { StopSaved: true } || (worker.StopSaved && (worker.Phase == WorkerPhase.Stopping || worker.Phase.IsEnded())), $"{worker.Name} forgot its stop");
        }

        foreach (var worker in plan.NewWorkers)
        {
            Require(!row.Workers.ContainsKey(worker.Name), $"{worker.Name} was used twice");
        }

        foreach (var entry in plan.Outbox)
        {
            Require(plan.Outbox.Count(e => e.Job == entry.Job && e.Action == entry.Action) == 1, $"{entry.Action} of {entry.Job} twice in one plan");
            Require(entry.Action != OutboxAction.Start || !_startsSaved.Contains(entry.Job), $"{entry.Job} is started a second time");
            Require(entry.Action != OutboxAction.Stop || _startsSaved.Contains(entry.Job), $"{entry.Job} is stopped without ever having been started");
            Require(
                entry.Action != OutboxAction.Stop || entry.Kind != JobKind.Worker || after.Phase == ClusterPhase.Closing || row.Inbox.Heartbeat?.Active.Contains(entry.Job) != true,
                $"{entry.Job} is stopped though its scheduler lists it as active");
        }

        int living = row.Workers.Values.Count(w => !w.Phase.IsEnded() && plan.ChangedWorkers.FirstOrDefault(c => c.Name == w.Name)?.Phase.IsEnded() != true) + plan.NewWorkers.Count;
        Require(plan.NewWorkers.Count == 0 || after.Spec.MaxWorkers is not { } limit || living <= limit, $"{before.Name} has {living} workers, allowed are {after.Spec.MaxWorkers}");
    }

    private void Add(IEnumerable<ClusterEvent> events)
    {
        foreach (var line in events)
        {
            _events.Add(line);
            tell?.Invoke($"    {line.Cluster} {line.Worker} {line.Kind}: {line.Message}");
        }
    }

    private void Require(bool rule, string otherwise)
    {
        if (!rule)
        {
            violation(otherwise);
        }
    }

    private void Wake(string cluster)
    {
        if (_clusters.TryGetValue(cluster, out var row) && !row.Cluster.Phase.IsEnded())
        {
            row.Wake++;
            row.DueAt = Now;
        }
    }

    private sealed class ClusterRow
    {
        public required Cluster Cluster { get; set; }

        public ClusterInbox Inbox { get; set; } = new();

        public Dictionary<string, Worker> Workers { get; } = new(StringComparer.Ordinal);

        public long Wake { get; set; }

        public DateTimeOffset? DueAt { get; set; }

        public DateTimeOffset? LeaseUntil { get; set; }

        public long Generation { get; set; }

        public long? Hash { get; set; }

        /// <summary>A lease that runs out makes a cluster due, whatever its own time says: its holder may have died.</summary>
        public DateTimeOffset? ClaimableAt => LeaseUntil ?? (Cluster.Phase.IsEnded() ? null : DueAt);
    }

    private sealed class OutboxRow(OutboxEntry entry)
    {
        public OutboxEntry Entry { get; set; } = entry;

        public DateTimeOffset DueAt { get; set; }

        /// <summary>From a claim until its result.</summary>
        public bool Claimed { get; set; }
    }
}
