using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Core.Tests.Clusters;

/// <summary>Snapshots for planner tests. Times are seconds after <see cref="Start"/>.</summary>
internal static class Given
{
    public const string Name = "c";

    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static PlannerSettings Settings { get; } = new()
    {
        Backends = new HashSet<string> { "schedd", "pool" },
        ClusterStartTimeout = TimeSpan.FromSeconds(120),
        HeartbeatTimeout = TimeSpan.FromSeconds(300),
        WorkerStartTimeout = TimeSpan.FromSeconds(100),
        HeldTimeout = TimeSpan.FromSeconds(200),
        WorkerExitGrace = TimeSpan.FromSeconds(10),
        WorkerStartFailureLimit = 3,
        WorkerBackoff = TimeSpan.FromSeconds(1),
        MaxWorkerBackoff = TimeSpan.FromSeconds(30),
        IdleGrace = TimeSpan.FromSeconds(30),
        CountingTakes = TimeSpan.FromSeconds(20),
    };

    public static ClusterSpec Spec { get; } = new() { SchedulerBackend = "schedd", WorkerBackend = "pool", Account = "alice" };

    public static Heartbeat Heartbeat { get; } = new()
    {
        SchedulerAddress = "tls://10.0.0.1:8786",
        ApiAddress = "http://10.0.0.1:9000",
        DashboardAddress = "http://10.0.0.1:8787",
    };

    public const string CheckArgument = "10.0.0.1 8786 9000 8787";

    public static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    public static Cluster Cluster(ClusterPhase phase, ClusterSpec? spec = null)
    {
        var cluster = new Cluster { Name = Name, Options = "{}", Spec = spec ?? Spec, Phase = phase, CreatedAt = Start };
        return phase == ClusterPhase.Running
            ? cluster with { SchedulerAddress = Heartbeat.SchedulerAddress, ApiAddress = Heartbeat.ApiAddress, DashboardAddress = Heartbeat.DashboardAddress, RunningAt = Start }
            : cluster;
    }

    public static Job SchedulerJob(JobState state = JobState.Running, double since = 0) => new()
    {
        Name = Name,
        Cluster = Name,
        Kind = JobKind.Scheduler,
        Backend = "schedd",
        Handle = "s.1",
        State = state,
        StartedAt = Start,
        StateSince = At(since),
    };

    public static Job WorkerJob(string worker, JobState state = JobState.Running, double since = 0) => new()
    {
        Name = worker,
        Cluster = Name,
        Kind = JobKind.Worker,
        Backend = "pool",
        Handle = $"p.{worker}",
        State = state,
        StartedAt = Start,
        StateSince = At(since),
    };

    public static Worker Worker(string name, WorkerPhase phase = WorkerPhase.Submitted) => new()
    {
        Name = name,
        Cluster = Name,
        Backend = "pool",
        Resources = new JobResources(),
        Phase = phase,
        SubmittedAt = Start,
        ConnectedAt = phase is WorkerPhase.Connected or WorkerPhase.Retiring ? Start : null,
    };

    /// <summary>A worker that its scheduler has lost (or retired), whose job has not been told to stop yet.</summary>
    public static Worker Leaving(string name, double since, WorkerPhase outcome = WorkerPhase.Failed) =>
        Worker(name, WorkerPhase.Stopping) with { Outcome = outcome, LeavingAt = At(since), ConnectedAt = Start, Reason = "Its scheduler lost it." };

    public static ClusterSnapshot Snapshot(Cluster cluster, params Job[] jobs) => new()
    {
        Cluster = cluster,
        Workers = [],
        Inbox = new ClusterInbox(),
        Jobs = jobs.ToDictionary(j => j.Name),
        HearingSince = Start.AddDays(-1),
        SeeingSince = new Dictionary<string, DateTimeOffset> { ["schedd"] = Start.AddDays(-1), ["pool"] = Start.AddDays(-1) },
    };

    /// <summary>A running cluster whose scheduler spoke just now.</summary>
    public static ClusterSnapshot Running(int count, string[] active, params (Worker Worker, Job? Job)[] workers) => Snapshot(Cluster(ClusterPhase.Running)) with
    {
        Workers = [.. workers.Select(w => w.Worker)],
        Jobs = workers.Select(w => w.Job).OfType<Job>().Append(SchedulerJob()).ToDictionary(j => j.Name),
        Inbox = new ClusterInbox { Heartbeat = Heartbeat with { Count = count, Active = active }, HeartbeatAt = Start },
    };

    public static ClusterSnapshot With(this ClusterSnapshot snapshot, Func<Cluster, Cluster> change) => snapshot with { Cluster = change(snapshot.Cluster) };

    public static ClusterSnapshot Told(this ClusterSnapshot snapshot, Func<Heartbeat, Heartbeat> change, double at = 0) =>
        snapshot with { Inbox = snapshot.Inbox with { Heartbeat = change(snapshot.Inbox.Heartbeat ?? Heartbeat), HeartbeatAt = At(at) } };

    public static ClusterSnapshot Asked(this ClusterSnapshot snapshot, bool failed = false) =>
        snapshot with { Inbox = snapshot.Inbox with { Desired = DesiredState.Stopped, StopReason = "Alice stopped it.", StopFailed = failed } };

    public static ClusterPlan Plan(this ClusterSnapshot snapshot, double at = 0, PlannerSettings? settings = null)
    {
        int names = 0;
        var planner = new ClusterPlanner(settings ?? Settings, cluster => $"{cluster}-new{++names}");
        var plan = planner.Plan(snapshot, At(at));
        var again = new ClusterPlanner(settings ?? Settings, cluster => $"{cluster}-new{names}").Plan(snapshot, At(at));

        // Pure: the same question has the same answer, and no plan is due in its own past.
        Assert.Equal(plan.Cluster, again.Cluster);
        Assert.Equal(plan.Outbox.Count, again.Outbox.Count);
        Assert.True(plan.DueAt is null || plan.DueAt > At(at));
        return plan;
    }

    /// <summary>The worker as the plan leaves it.</summary>
    public static Worker Worker(this ClusterPlan plan, string name) => plan.ChangedWorkers.Single(w => w.Name == name);

    /// <summary>What the plan has done by executors: <c>Start c-new1</c>.</summary>
    public static string[] Effects(this ClusterPlan plan) => [.. plan.Outbox.Select(e => $"{e.Action} {e.Job}")];

    public static string[] Kinds(this ClusterPlan plan) => [.. plan.Events.Select(e => e.Kind)];
}
