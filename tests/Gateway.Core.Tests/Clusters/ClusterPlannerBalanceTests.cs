using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Tests.Clusters;

/// <summary>How many workers are started and let go.</summary>
public sealed class ClusterPlannerBalanceTests
{
    private static (Worker Worker, Job? Job) Pending(string name, double submitted = 0, JobState? state = JobState.Pending) =>
        (Given.Worker(name) with { SubmittedAt = Given.At(submitted) }, state is { } s ? Given.WorkerJob(name, s) : null);

    private static (Worker Worker, Job? Job) Connected(string name) => (Given.Worker(name, WorkerPhase.Connected), Given.WorkerJob(name));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    [InlineData(12, 10)]
    public void Count_MoreThanThereAre_StartsTheMissing(int count, int started)
    {
        var plan = Given.Running(count, count == 0 ? [] : ["c-1"], count == 0 ? [] : [Connected("c-1"), Pending("c-2")]).Plan(9);

        Assert.Equal(started, plan.NewWorkers.Count);
        Assert.Equal(started, plan.Outbox.Count);
        Assert.All(plan.NewWorkers, w => Assert.Equal((WorkerPhase.Submitted, "pool", Given.At(9)), (w.Phase, w.Backend, w.SubmittedAt)));
    }

    [Fact]
    public void Count_Fewer_DropsWhatHasNotConnectedYoungestAndQueuedFirst()
    {
        var snapshot = Given.Running(
            2, ["c-1"], Connected("c-1"), Pending("c-2", 1), Pending("c-3", 9, JobState.Running), Pending("c-4", 5), Pending("c-5", 7, state: null));

        var plan = snapshot.Plan(10);
        Assert.Equal(["Stop c-5", "Stop c-4", "Stop c-2"], plan.Effects());
        Assert.Equal(3, Assert.Single(plan.Events).Count);
    }

    [Fact]
    public void Count_FewerThanConnected_LeavesTheChoiceToTheScheduler()
    {
        var plan = Given.Running(0, ["c-1", "c-2"], Connected("c-1"), Connected("c-2"), Pending("c-3")).Plan();

        Assert.Equal(["Stop c-3"], plan.Effects());
    }

    [Fact]
    public void Foreigners_Count_AndAreNotOurs()
    {
        Assert.Empty(Given.Running(2, ["hand-1", "hand-2"]).Plan().Outbox);
        Assert.Equal(["Stop c-1"], Given.Running(2, ["hand-1", "hand-2"], Pending("c-1")).Plan().Effects());
        Assert.Single(Given.Running(3, ["hand-1", "hand-2"]).Plan().NewWorkers);
    }

    [Fact]
    public void Lost_MayComeBack_IsNeitherReplacedNorAReasonToDrop()
    {
        var lost = (Given.Leaving("c-1", since: 0), (Job?)Given.WorkerJob("c-1"));

        Assert.Empty(Given.Running(1, [], lost).Plan(2).Outbox);
        Assert.Empty(Given.Running(1, [], lost, Pending("c-2")).Plan(2).Outbox);
        Assert.Single(Given.Running(2, [], lost).Plan(2).NewWorkers);
        Assert.Equal(["Stop c-3"], Given.Running(1, [], lost, Pending("c-2"), Pending("c-3")).Plan(2).Effects());
    }

    [Theory]
    [InlineData(5, 0, 3)]
    [InlineData(5, 2, 1)]
    [InlineData(5, 4, 0)]
    public void Limit_IsNeverPassedAndForeignersCountTowardsIt(int count, int foreigners, int started)
    {
        string[] active = [.. Enumerable.Range(0, foreigners).Select(i => $"hand-{i}")];
        var plan = Given.Running(count, active).With(c => c with { Spec = Given.Spec with { MaxWorkers = 3 } }).Plan();

        Assert.Equal(started, plan.NewWorkers.Count);
    }

    [Fact]
    public void Limit_JobsOnTheirWayOut_StillHoldTheirPlace()
    {
        var leaving = Given.Leaving("c-1", 0, WorkerPhase.Stopped) with { StopSaved = true };
        var snapshot = Given.Running(2, [], (leaving, Given.WorkerJob("c-1"))).With(c => c with { Spec = Given.Spec with { MaxWorkers = 2 } });

        Assert.Single(snapshot.Plan().NewWorkers);
    }

    [Fact]
    public void WorkerBackend_None_StartsAndStopsNothing()
    {
        var plan = Given.Running(5, ["hand-1"]).With(c => c with { Spec = Given.Spec with { WorkerBackend = null } }).Plan();

        Assert.Empty(plan.Outbox);
        Assert.Null(plan.Cluster);
    }

    [Fact]
    public void WorkerBackend_NotConfigured_WaitsAndTheReasonGoesWithIt()
    {
        var settings = Given.Settings with { Backends = new HashSet<string> { "schedd" } };
        var waiting = Given.Running(2, []).Plan(0, settings);
        Assert.Contains("'pool'", waiting.Cluster!.Reason);
        Assert.Equal((ClusterPhase.Running, 0), (waiting.Cluster.Phase, waiting.Outbox.Count));

        var started = Given.Running(2, []).With(_ => waiting.Cluster).Plan();
        Assert.Null(started.Cluster!.Reason);
        Assert.Equal(2, started.NewWorkers.Count);

        var unwanted = Given.Running(0, []).With(_ => waiting.Cluster).Plan(0, settings);
        Assert.Null(unwanted.Cluster!.Reason);
    }

    [Theory]
    [InlineData(int.MaxValue, 1000)]
    [InlineData(int.MinValue, 0)]
    [InlineData(-1, 0)]
    public void Count_Absurd_CannotOverwhelmTheGateway(int count, int started)
    {
        var plan = Given.Running(count, ["hand-1"]).Plan(5);

        Assert.Equal(started, plan.NewWorkers.Count);
        Assert.Equal(started > 0 ? Given.At(6) : Given.At(300), plan.DueAt);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(4, 16)]
    [InlineData(9, 30)]
    [InlineData(1_000_000, 30)]
    public void Failure_Again_PausesLonger(int before, double pause)
    {
        var settings = Given.Settings with { WorkerStartFailureLimit = int.MaxValue };
        var snapshot = Given.Running(2, [], Pending("c-1", state: JobState.Ended)).With(c => c with { WorkerFailures = before });

        var plan = snapshot.Plan(10, settings);
        Assert.Equal((before + 1, Given.At(10 + pause)), (plan.Cluster!.WorkerFailures, plan.Cluster.NotBefore));
        Assert.Empty(plan.NewWorkers);
        Assert.Equal(Given.At(10 + pause), plan.DueAt);
    }

    [Fact]
    public void Failure_LongestBackoffOfAll_DoesNotOverflow()
    {
        var settings = Given.Settings with { WorkerStartFailureLimit = int.MaxValue, WorkerBackoff = TimeSpan.FromHours(1), MaxWorkerBackoff = TimeSpan.FromDays(1) };
        var plan = Given.Running(2, [], Pending("c-1", state: JobState.Ended)).With(c => c with { WorkerFailures = 500 }).Plan(0, settings);

        Assert.Equal(Given.Start.AddDays(1), plan.Cluster!.NotBefore);
    }

    [Fact]
    public void Backoff_Over_StartsAgain()
    {
        var snapshot = Given.Running(1, []).With(c => c with { WorkerFailures = 1, NotBefore = Given.At(50) });

        Assert.Equal((0, Given.At(50)), (snapshot.Plan(49).Outbox.Count, snapshot.Plan(49).DueAt));
        Assert.Single(snapshot.Plan(50).NewWorkers);
    }

    [Fact]
    public void Failures_AtTheLimitWithNobodyConnected_FailTheClusterAndStayFailures()
    {
        var late = (Given.Worker("c-2"), (Job?)Given.WorkerJob("c-2"));
        var snapshot = Given.Running(2, [], Pending("c-1", state: JobState.Ended), late, Pending("c-3")).With(c => c with { WorkerFailures = 1 }).Told(h => h, at: 100);

        var plan = snapshot.Plan(101);
        Assert.Equal((ClusterPhase.Closing, ClusterPhase.Failed), (plan.Cluster!.Phase, plan.Cluster.Outcome));
        Assert.Contains("3 worker starts in a row have failed", plan.Cluster.Reason);
        Assert.Equal(WorkerPhase.Failed, plan.Worker("c-1").Phase);
        Assert.Equal(WorkerPhase.Failed, plan.Worker("c-2").Outcome);
        Assert.Equal(["Stop c", "Stop c-2", "Stop c-3"], plan.Effects().Order());
        Assert.Single(plan.Events, e => e.Worker == "c-1");
        Assert.DoesNotContain(plan.Events, e => e.Kind == EventKinds.WorkerStopped);
    }

    [Fact]
    public void Failures_AtTheLimitWhileOthersWork_OnlyPause()
    {
        var plan = Given.Running(2, ["hand-1"], Pending("c-1", state: JobState.Ended)).With(c => c with { WorkerFailures = 50 }).Plan();

        Assert.Equal((ClusterPhase.Running, 51), (plan.Cluster!.Phase, plan.Cluster.WorkerFailures));
    }
}
