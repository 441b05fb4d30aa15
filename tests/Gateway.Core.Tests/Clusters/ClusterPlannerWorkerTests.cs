using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Tests.Clusters;

/// <summary>What becomes of each worker of a running cluster.</summary>
public sealed class ClusterPlannerWorkerTests
{
    [Fact]
    public void Submitted_ListedAsActive_ConnectsAndEndsTheBackoff()
    {
        var snapshot = Given.Running(1, ["c-1"], (Given.Worker("c-1"), null)).With(c => c with { WorkerFailures = 2, NotBefore = Given.At(500) });

        var plan = snapshot.Plan(6);
        Assert.Equal((WorkerPhase.Connected, Given.At(6)), (plan.Worker("c-1").Phase, plan.Worker("c-1").ConnectedAt));
        Assert.Equal((0, null), (plan.Cluster!.WorkerFailures, plan.Cluster.NotBefore));
        Assert.Equal([EventKinds.WorkerConnected], plan.Kinds());
    }

    [Fact]
    public void Submitted_InTheQueue_WaitsForEver()
    {
        var plan = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1", JobState.Pending))).Told(h => h, at: 1e6).Plan(1e6);

        Assert.Empty(plan.ChangedWorkers);
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Submitted_RunsWithoutConnecting_FailsWhenItsSchedulerStillDoesNotListIt()
    {
        var snapshot = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1", since: 50)));

        Assert.Equal(Given.At(150), snapshot.Told(h => h, at: 140).Plan(149).DueAt);
        var plan = snapshot.Told(h => h, at: 151).Plan(152);
        Assert.Equal((WorkerPhase.Stopping, WorkerPhase.Failed, true), (plan.Worker("c-1").Phase, plan.Worker("c-1").Outcome, plan.Worker("c-1").StopSaved));
        Assert.Equal(["Stop c-1"], plan.Effects());
        Assert.Equal((1, Given.At(153)), (plan.Cluster!.WorkerFailures, plan.Cluster.NotBefore));
    }

    [Fact]
    public void Submitted_SchedulerSilentSinceTheTimeout_IsNotGivenUpByOldNews()
    {
        var plan = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1", since: 50))).Told(h => h, at: 149).Plan(200);

        Assert.Empty(plan.ChangedWorkers);
        Assert.Equal(Given.At(202), plan.DueAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Submitted_GatewayDeafOrBlind_TimeoutCountsFromThen(bool deaf)
    {
        var snapshot = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1"))).Told(h => h, at: 250);
        snapshot = deaf
            ? snapshot with { HearingSince = Given.At(200) }
            : snapshot with { SeeingSince = new Dictionary<string, DateTimeOffset> { ["pool"] = Given.At(200) } };

        Assert.Equal(Given.At(300), snapshot.Plan(250).DueAt);
    }

    [Fact]
    public void Submitted_Held_FailsWithTheReasonAfterTheHeldTimeout()
    {
        var snapshot = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1", JobState.Held) with { Reason = "No such image." }));

        Assert.Equal(Given.At(200), snapshot.Plan(199).DueAt);
        var plan = snapshot.Plan(200);
        Assert.Contains("No such image.", plan.Worker("c-1").Reason);
        Assert.Equal(["Stop c-1"], plan.Effects());
    }

    [Fact]
    public void Submitted_JobEnded_HasFailed()
    {
        var plan = Given.Running(1, [], (Given.Worker("c-1"), Given.WorkerJob("c-1", JobState.Ended) with { ExitCode = 2 })).Plan(8);

        Assert.Equal((WorkerPhase.Failed, Given.At(8)), (plan.Worker("c-1").Phase, plan.Worker("c-1").EndedAt));
        Assert.Equal("exit code 2.", plan.Worker("c-1").Reason);
        Assert.Equal([EventKinds.WorkerFailed], plan.Kinds());
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Submitted_CameAndWasRetiredBetweenTwoHeartbeats_HasNotFailed()
    {
        var job = Given.WorkerJob("c-1", JobState.Ended) with { CloseExpected = true };
        var plan = Given.Running(0, [], (Given.Worker("c-1"), job)).Plan();

        Assert.Equal(WorkerPhase.Stopped, plan.Worker("c-1").Phase);
        Assert.Null(plan.Cluster);
    }

    [Fact]
    public void Connected_ListedAsClosing_RetiresAndIsNotStopped()
    {
        var plan = Given.Running(0, [], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1"))).Told(h => h with { Closing = ["c-1"] }).Plan(4);

        Assert.Equal((WorkerPhase.Retiring, Given.At(4)), (plan.Worker("c-1").Phase, plan.Worker("c-1").LeavingAt));
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Connected_ActiveAndClosing_CountsAsActive() =>
        Assert.Empty(Given.Running(1, ["c-1"], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1"))).Told(h => h with { Closing = ["c-1"] }).Plan().ChangedWorkers);

    [Fact]
    public void Retiring_StillListed_TakesItsTime() =>
        Assert.Empty(Given.Running(0, [], (Given.Worker("c-1", WorkerPhase.Retiring), Given.WorkerJob("c-1"))).Told(h => h with { Closing = ["c-1"] }).Plan(250).ChangedWorkers);

    [Fact]
    public void Retiring_ListedNoMore_LeavesAndIsStoppedAfterTheGrace()
    {
        var leaving = Given.Running(0, [], (Given.Worker("c-1", WorkerPhase.Retiring), Given.WorkerJob("c-1"))).Told(h => h with { Closed = ["c-1"] }).Plan(5);
        Assert.Equal((WorkerPhase.Stopping, WorkerPhase.Stopped), (leaving.Worker("c-1").Phase, leaving.Worker("c-1").Outcome));
        Assert.Equal(Given.At(15), leaving.DueAt);
        Assert.Empty(leaving.Outbox);

        var late = Given.Running(0, [], (leaving.Worker("c-1"), Given.WorkerJob("c-1")));
        Assert.Equal(["Stop c-1"], late.Plan(15).Effects());

        var ended = Given.Running(0, [], (leaving.Worker("c-1"), Given.WorkerJob("c-1", JobState.Ended))).Plan(7);
        Assert.Equal(WorkerPhase.Stopped, ended.Worker("c-1").Phase);
        Assert.Empty(ended.Outbox);
    }

    [Fact]
    public void Retiring_KeptAfterAll_IsConnectedAgain()
    {
        var plan = Given.Running(1, ["c-1"], (Given.Worker("c-1", WorkerPhase.Retiring) with { LeavingAt = Given.Start }, Given.WorkerJob("c-1"))).Plan();

        Assert.Equal((WorkerPhase.Connected, null), (plan.Worker("c-1").Phase, plan.Worker("c-1").LeavingAt));
        Assert.Empty(plan.Events);
    }

    [Fact]
    public void Connected_GoneAfterACloseThatWasSeenOnce_WasRetired()
    {
        var plan = Given.Running(0, [], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1") with { CloseExpected = true })).Plan();

        Assert.Equal(WorkerPhase.Stopped, plan.Worker("c-1").Outcome);
    }

    [Fact]
    public void Connected_Gone_IsLostAndNotReplacedWhileItMayComeBack()
    {
        var plan = Given.Running(1, [], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1"))).Plan(5);

        Assert.Equal((WorkerPhase.Stopping, WorkerPhase.Failed, false), (plan.Worker("c-1").Phase, plan.Worker("c-1").Outcome, plan.Worker("c-1").StopSaved));
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Connected_GoneWithItsJob_IsReplacedAtOnceAndIsNoFailedStart()
    {
        var plan = Given.Running(1, [], (Given.Worker("c-1", WorkerPhase.Connected), Given.WorkerJob("c-1", JobState.Ended))).Plan();

        Assert.Equal(WorkerPhase.Failed, plan.Worker("c-1").Phase);
        Assert.Equal(["Start c-new1"], plan.Effects());
        Assert.Null(plan.Cluster);
    }

    [Fact]
    public void Lost_BackUnderItsName_IsConnectedAgain()
    {
        var plan = Given.Running(1, ["c-1"], (Given.Leaving("c-1", since: 0), Given.WorkerJob("c-1"))).Plan(100);

        Assert.Equal((WorkerPhase.Connected, null, null), (plan.Worker("c-1").Phase, plan.Worker("c-1").Outcome, plan.Worker("c-1").Reason));
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Lost_SchedulerHasNotSpokenSince_IsKept()
    {
        // A nanny restarts its worker in seconds, and the standard plugin tells of that 15 s later only.
        var plan = Given.Running(1, [], (Given.Leaving("c-1", since: 0), Given.WorkerJob("c-1"))).Told(h => h, at: 0).Plan(14);

        Assert.Empty(plan.Outbox);
        Assert.Equal(Given.At(16), plan.DueAt);
    }

    [Fact]
    public void Lost_SchedulerHasSpokenSince_IsStopped()
    {
        var plan = Given.Running(1, [], (Given.Leaving("c-1", since: 0), Given.WorkerJob("c-1"))).Told(h => h, at: 15).Plan(16);

        Assert.True(plan.Worker("c-1").StopSaved);
        Assert.Equal(["Stop c-1", "Start c-new1"], plan.Effects());
    }

    [Fact]
    public void Lost_StopSaved_ComesBackTooLate()
    {
        var plan = Given.Running(1, ["c-1"], (Given.Leaving("c-1", since: 0) with { StopSaved = true }, Given.WorkerJob("c-1"))).Plan(20);

        Assert.Empty(plan.ChangedWorkers);
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Lost_JobEnded_FailsWithBothReasons()
    {
        var job = Given.WorkerJob("c-1", JobState.Ended) with { Reason = "The node was drained." };
        var plan = Given.Running(0, [], (Given.Leaving("c-1", since: 0), job)).Plan(3);

        Assert.Equal((WorkerPhase.Failed, "Its scheduler lost it. The node was drained."), (plan.Worker("c-1").Phase, plan.Worker("c-1").Reason));
    }
}
