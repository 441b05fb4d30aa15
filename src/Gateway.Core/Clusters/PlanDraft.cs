using Gateway.Core.Backends;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Clusters;

/// <summary>A plan in the making: what the planner has decided so far about one snapshot.</summary>
internal sealed class PlanDraft(ClusterSnapshot snapshot, DateTimeOffset now)
{
    private readonly Dictionary<string, Worker> _changed = new(StringComparer.Ordinal);
    private readonly List<Worker> _new = [];
    private readonly List<OutboxEntry> _outbox = [];
    private readonly List<ClusterEvent> _events = [];
    private DateTimeOffset? _dueAt;

    public ClusterSnapshot Snapshot { get; } = snapshot;

    public DateTimeOffset Now { get; } = now;

    public Cluster Cluster { get; set; } = snapshot.Cluster;

    public ClusterInbox Inbox => Snapshot.Inbox;

    public IReadOnlyList<Worker> Workers => Snapshot.Workers;

    public Job? SchedulerJob => Job(Cluster.Name);

    /// <summary>Worker starts that this plan has found failed.</summary>
    public int Failures { get; private set; }

    public string? LastFailure { get; private set; }

    public Job? Job(string name) => Snapshot.Jobs.GetValueOrDefault(name);

    /// <summary>A worker with what this plan has already decided about it.</summary>
    public Worker Current(Worker worker) => _changed.GetValueOrDefault(worker.Name, worker);

    public void Change(Worker worker) => _changed[worker.Name] = worker;

    /// <summary>A backend that was never listed has seen nothing: its timers have not begun.</summary>
    public DateTimeOffset SeeingSince(string backend) => Snapshot.SeeingSince.TryGetValue(backend, out var since) ? since : Now;

    /// <summary>Whether a time has come; if not, the cluster is looked at again then.</summary>
    public bool Passed(DateTimeOffset deadline)
    {
        if (deadline <= Now)
        {
            return true;
        }

        _dueAt = _dueAt is { } due && due < deadline ? due : deadline;
        return false;
    }

    /// <summary>Whether so much time has gone since then; a span without end never has.</summary>
    public bool Passed(DateTimeOffset since, TimeSpan span) => span < DateTimeOffset.MaxValue - since && Passed(since + span);

    public bool HasAddresses(Heartbeat heartbeat) =>
        Cluster.SchedulerAddress == heartbeat.SchedulerAddress
        && Cluster.ApiAddress == heartbeat.ApiAddress
        && (Cluster.DashboardAddress ?? "") == heartbeat.DashboardAddress;

    public void Tell(string kind, string message, string? worker = null, int? count = null) =>
        _events.Add(new ClusterEvent { Cluster = Cluster.Name, Worker = worker, Kind = kind, Message = message, Count = count, At = Now });

    /// <summary>Says once why nothing happens.</summary>
    public void Wait(string reason)
    {
        if (Cluster.Reason != reason)
        {
            Cluster = Cluster with { Reason = reason };
            Tell(EventKinds.ClusterWaiting, reason);
        }
    }

    /// <summary>Nothing stands in the way any more.</summary>
    public void WaitNoMore()
    {
        if (Cluster.Reason is not null)
        {
            Cluster = Cluster with { Reason = null };
        }
    }

    public void Failed(Worker worker, string reason)
    {
        Failures++;
        LastFailure = reason;
        Change(worker with { Phase = WorkerPhase.Stopping, Outcome = WorkerPhase.Failed, Reason = reason, LeavingAt = Now });
    }

    public void StartScheduler() => Add(OutboxAction.Start, Cluster.Name, JobKind.Scheduler, Cluster.Spec.SchedulerBackend);

    public void StopScheduler() => Add(OutboxAction.Stop, Cluster.Name, JobKind.Scheduler, Cluster.Spec.SchedulerBackend);

    public void CheckAddress(string argument) => Add(OutboxAction.CheckAddress, Cluster.Name, JobKind.Scheduler, Cluster.Spec.SchedulerBackend, argument);

    public void StopWorker(Worker worker) => Add(OutboxAction.Stop, worker.Name, JobKind.Worker, worker.Backend);

    public void StartWorkers(int count, string backend, Func<string, string> newName)
    {
        for (int i = 0; i < count; i++)
        {
            var worker = new Worker
            {
                Name = newName(Cluster.Name),
                Cluster = Cluster.Name,
                Backend = backend,
                Resources = Cluster.Spec.Worker,
                SubmittedAt = Now,
            };
            _new.Add(worker);
            Add(OutboxAction.Start, worker.Name, JobKind.Worker, backend);
        }
    }

    public ClusterPlan Finish() => new()
    {
        Cluster = ReferenceEquals(Cluster, Snapshot.Cluster) || Cluster == Snapshot.Cluster ? null : Cluster,
        NewWorkers = _new,
        ChangedWorkers = [.. _changed.Values],
        Outbox = _outbox,
        Events = _events,
        DueAt = _dueAt,
    };

    private void Add(OutboxAction action, string job, JobKind kind, string backend, string? argument = null) => _outbox.Add(new OutboxEntry
    {
        Action = action,
        Job = job,
        Kind = kind,
        Cluster = Cluster.Name,
        Backend = backend,
        Node = action == OutboxAction.Start ? null : Job(job)?.Node,
        Argument = argument,
    });
}
