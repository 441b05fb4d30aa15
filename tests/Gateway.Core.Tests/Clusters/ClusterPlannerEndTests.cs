using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Tests.Clusters;

public sealed class ClusterPlannerEndTests
{
    [Theory]
    [InlineData(false, ClusterPhase.Stopped)]
    [InlineData(true, ClusterPhase.Failed)]
    public void Submitted_AskedToStop_ClosesAndStopsTheScheduler(bool failed, ClusterPhase outcome)
    {
        var plan = Given.Snapshot(Given.Cluster(ClusterPhase.Submitted)).Asked(failed).Plan(5);

        Assert.Equal((ClusterPhase.Closing, outcome, "Alice stopped it."), (plan.Cluster!.Phase, plan.Cluster.Outcome, plan.Cluster.Reason));
        Assert.Equal(Given.At(5), plan.Cluster.ClosingAt);
        Assert.Equal(["Stop c"], plan.Effects());
    }

    [Fact]
    public void Running_AskedToStop_StopsSchedulerAndEveryWorkerOnce()
    {
        var stopped = Given.Leaving("c-4", 0) with { StopSaved = true };
        var plan = Given.Running(
            4,
            ["c-2"],
            (Given.Worker("c-1"), null),
            (Given.Worker("c-2", WorkerPhase.Connected), Given.WorkerJob("c-2")),
            (Given.Worker("c-3", WorkerPhase.Connected), Given.WorkerJob("c-3", JobState.Ended)),
            (stopped, Given.WorkerJob("c-4"))).Asked().Plan();

        Assert.Equal(["Stop c", "Stop c-1", "Stop c-2"], plan.Effects());
        Assert.Equal(ClusterPhase.Closing, plan.Cluster!.Phase);
        Assert.Equal(WorkerPhase.Stopped, plan.Worker("c-3").Phase);
        Assert.DoesNotContain(plan.ChangedWorkers, w => w.Name == "c-4");
    }

    [Fact]
    public void Closing_JobsStillThere_WaitsWithoutRepeatingItself()
    {
        var snapshot = Given.Snapshot(Given.Cluster(ClusterPhase.Closing), Given.SchedulerJob(), Given.WorkerJob("c-1")) with
        {
            Workers = [Given.Leaving("c-1", 0, WorkerPhase.Stopped) with { StopSaved = true }],
        };

        var plan = snapshot.Asked().Plan(1000);
        Assert.Null(plan.Cluster);
        Assert.Empty(plan.ChangedWorkers);
        Assert.Empty(plan.Outbox);
        Assert.Empty(plan.Events);
    }

    [Fact]
    public void Closing_SchedulersStartNotRecorded_Waits() =>
        Assert.Null(Given.Snapshot(Given.Cluster(ClusterPhase.Closing)).Asked().Plan().Cluster);

    [Theory]
    [InlineData(ClusterPhase.Stopped, EventKinds.ClusterStopped)]
    [InlineData(ClusterPhase.Failed, EventKinds.ClusterFailed)]
    public void Closing_LastJobGone_EndsAsItWasMeantTo(ClusterPhase outcome, string kind)
    {
        var cluster = Given.Cluster(ClusterPhase.Closing) with { Outcome = outcome, Reason = "Why." };
        var snapshot = Given.Snapshot(cluster, Given.SchedulerJob(JobState.Ended), Given.WorkerJob("c-1", JobState.Ended)) with
        {
            Workers = [Given.Leaving("c-1", 0, WorkerPhase.Stopped) with { StopSaved = true }],
        };

        var plan = snapshot.Plan(9);
        Assert.Equal((outcome, Given.At(9), "Why."), (plan.Cluster!.Phase, plan.Cluster.EndedAt, plan.Cluster.Reason));
        Assert.Equal(WorkerPhase.Stopped, plan.Worker("c-1").Phase);
        Assert.Contains(kind, plan.Kinds());
        Assert.Null(plan.DueAt);
    }

    [Theory]
    [InlineData(ClusterPhase.Stopped)]
    [InlineData(ClusterPhase.Failed)]
    public void Ended_Anything_ChangesNothing(ClusterPhase phase)
    {
        var plan = Given.Snapshot(Given.Cluster(phase), Given.SchedulerJob()).Told(h => h with { Count = 9 }).Asked().Plan(1e6);

        Assert.Equal((null, 0, 0, null), (plan.Cluster, plan.Outbox.Count, plan.Events.Count, plan.DueAt));
    }

    [Fact]
    public void Running_SchedulersJobEnded_FailsAndStopsItsWorkersOnly()
    {
        var snapshot = Given.Running(1, ["c-1"], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1")));
        var jobs = new Dictionary<string, Job>(snapshot.Jobs) { [Given.Name] = Given.SchedulerJob(JobState.Ended) with { ExitCode = 137 } };

        var plan = (snapshot with { Jobs = jobs }).Plan();
        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Outcome);
        Assert.Contains("exit code 137", plan.Cluster.Reason);
        Assert.Equal(["Stop c-1"], plan.Effects());
    }

    [Fact]
    public void Running_Silent_FailsAtTheHeartbeatTimeout()
    {
        var snapshot = Given.Running(0, []).Told(h => h, at: 1000);

        Assert.Equal(Given.At(1300), snapshot.Plan(1299).DueAt);
        Assert.Contains("silent", snapshot.Plan(1300).Cluster!.Reason);
    }

    [Fact]
    public void Running_GatewayWasDeaf_SilenceCountsFromWhenItHearsAgain()
    {
        var snapshot = Given.Running(0, []) with { HearingSince = Given.At(5000) };

        Assert.Equal(Given.At(5300), snapshot.Plan(5001).DueAt);
        Assert.Equal(ClusterPhase.Closing, snapshot.Plan(5300).Cluster!.Phase);
    }

    [Fact]
    public void Running_SchedulerAtAnotherAddress_Fails()
    {
        var plan = Given.Running(0, []).Told(h => h with { SchedulerAddress = "tls://10.0.0.1:1" }).Plan();

        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Outcome);
        Assert.Contains("tls://10.0.0.1:1", plan.Cluster.Reason);
    }

    [Theory]
    [InlineData(ClusterPhase.Accepted)]
    [InlineData(ClusterPhase.Submitted)]
    [InlineData(ClusterPhase.Running)]
    public void AnyPhase_LongestLifetime_Stops(ClusterPhase phase)
    {
        var snapshot = Given.Snapshot(Given.Cluster(phase, Given.Spec with { MaxLifetime = TimeSpan.FromHours(1) }), Given.SchedulerJob(JobState.Pending)).Told(h => h, at: 3599);

        Assert.True(snapshot.Plan(3599).DueAt is not null || phase == ClusterPhase.Accepted);
        var plan = snapshot.Plan(3600);
        Assert.Contains("longest lifetime", plan.Cluster!.Reason);
        Assert.True(plan.Cluster.Phase == ClusterPhase.Stopped || plan.Cluster.Outcome == ClusterPhase.Stopped);
    }

    [Fact]
    public void Running_SpansWithoutEnd_NeverPass()
    {
        var spec = Given.Spec with { MaxLifetime = TimeSpan.MaxValue, NoClientTimeout = TimeSpan.MaxValue, IdleTimeout = TimeSpan.MaxValue };
        var snapshot = Given.Running(0, []).With(c => c with { Spec = spec }).Told(h => h with { IdleSeconds = 1e300 });

        Assert.Null((snapshot with { Inbox = snapshot.Inbox with { NoClientSince = Given.Start } }).Plan(10).Cluster);
    }

    [Fact]
    public void Running_NoClientForTooLong_Stops()
    {
        var snapshot = Given.Running(0, []).With(c => c with { Spec = Given.Spec with { NoClientTimeout = TimeSpan.FromSeconds(60) } }).Told(h => h, at: 100);
        snapshot = snapshot with { Inbox = snapshot.Inbox with { NoClientSince = Given.At(100) } };

        Assert.Equal(Given.At(160), snapshot.Plan(159).DueAt);
        Assert.Equal(ClusterPhase.Stopped, snapshot.Plan(160).Cluster!.Outcome);
        Assert.Null((snapshot with { Inbox = snapshot.Inbox with { NoClientSince = null } }).Plan(160).Cluster);
    }

    [Fact]
    public void Running_NoClientTimeoutShorterThanCountingTakes_WaitsUntilAllAreCounted()
    {
        var snapshot = Given.Running(0, []).With(c => c with { Spec = Given.Spec with { NoClientTimeout = TimeSpan.FromSeconds(1) } }).Told(h => h, at: 100);
        snapshot = snapshot with { Inbox = snapshot.Inbox with { NoClientSince = Given.At(100) } };

        Assert.Null(snapshot.Plan(119).Cluster);
        Assert.Equal(Given.At(120), snapshot.Plan(119).DueAt);
        Assert.Equal(ClusterPhase.Stopped, snapshot.Plan(120).Cluster!.Outcome);
    }

    [Fact]
    public void Running_NoClientWhileNobodyCouldTell_StopsOnlyAfterAsLongAgain()
    {
        var snapshot = Given.Running(0, []).With(c => c with { Spec = Given.Spec with { NoClientTimeout = TimeSpan.FromSeconds(60) } }).Told(h => h, at: 100);
        snapshot = snapshot with { HearingSince = Given.At(150), Inbox = snapshot.Inbox with { NoClientSince = Given.At(90) } };

        Assert.Null(snapshot.Plan(155).Cluster);
        Assert.Equal(Given.At(210), snapshot.Plan(155).DueAt);
        Assert.Equal(ClusterPhase.Stopped, snapshot.Plan(210).Cluster!.Outcome);
    }

    [Fact]
    public void Running_IdleSchedulerThatDoesNotEndItself_IsStoppedAfterTheGrace()
    {
        var snapshot = Given.Running(0, []).With(c => c with { Spec = Given.Spec with { IdleTimeout = TimeSpan.FromSeconds(60) } }).Told(h => h with { IdleSeconds = 50 }, at: 100);

        Assert.Equal(Given.At(140), snapshot.Plan(139).DueAt);
        Assert.Contains("idle", snapshot.Plan(140).Cluster!.Reason);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(double.NaN)]
    [InlineData(-5.0)]
    public void Running_IdleTimeNotTold_IsNotStopped(double? seconds)
    {
        var snapshot = Given.Running(0, []).With(c => c with { Spec = Given.Spec with { IdleTimeout = TimeSpan.FromSeconds(60) } }).Told(h => h with { IdleSeconds = seconds });

        Assert.Null(snapshot.Plan(250).Cluster);
    }
}
