using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Clusters;

public sealed class ClusterPlannerStartTests
{
    private static ClusterSnapshot Submitted(Job? job = null) => Given.Snapshot(Given.Cluster(ClusterPhase.Submitted), job is null ? [] : [job]);

    private static ClusterSnapshot Addressed(Job job) => Submitted(job)
        .Told(h => h)
        .With(c => c with { SchedulerAddress = Given.Heartbeat.SchedulerAddress, ApiAddress = Given.Heartbeat.ApiAddress, DashboardAddress = Given.Heartbeat.DashboardAddress });

    [Fact]
    public void Accepted_BackendConfigured_SubmitsScheduler()
    {
        var plan = Given.Snapshot(Given.Cluster(ClusterPhase.Accepted)).Plan(3);

        Assert.Equal(ClusterPhase.Submitted, plan.Cluster!.Phase);
        Assert.Equal(Given.At(3), plan.Cluster.SubmittedAt);
        var start = Assert.Single(plan.Outbox);
        Assert.Equal((OutboxAction.Start, JobKind.Scheduler, "schedd", Given.Name), (start.Action, start.Kind, start.Backend, start.Job));
        Assert.Null(plan.DueAt);
    }

    [Fact]
    public void Accepted_BackendNotConfigured_WaitsWithAReasonToldOnce()
    {
        var spec = Given.Spec with { SchedulerBackend = "gone" };
        var plan = Given.Snapshot(Given.Cluster(ClusterPhase.Accepted, spec)).Plan();

        Assert.Equal(ClusterPhase.Accepted, plan.Cluster!.Phase);
        Assert.Contains("'gone'", plan.Cluster.Reason);
        Assert.Empty(plan.Outbox);
        Assert.Equal([EventKinds.ClusterWaiting], plan.Kinds());

        var again = Given.Snapshot(plan.Cluster).Plan();
        Assert.Null(again.Cluster);
        Assert.Empty(again.Events);
    }

    [Fact]
    public void Accepted_AskedToStop_EndsWithoutAnyJob()
    {
        var plan = Given.Snapshot(Given.Cluster(ClusterPhase.Accepted)).Asked().Plan(4);

        Assert.Equal((ClusterPhase.Stopped, "Alice stopped it."), (plan.Cluster!.Phase, plan.Cluster.Reason));
        Assert.Equal(Given.At(4), plan.Cluster.EndedAt);
        Assert.Empty(plan.Outbox);
    }

    [Theory]
    [InlineData(JobState.Pending)]
    [InlineData(null)]
    public void Submitted_JobNotRunning_WaitsForEver(JobState? state)
    {
        var plan = Submitted(state is { } s ? Given.SchedulerJob(s) : null).Plan(86_400 * 30);

        Assert.Null(plan.Cluster);
        Assert.Empty(plan.Outbox);
        Assert.Null(plan.DueAt);
    }

    [Fact]
    public void Submitted_JobRunsInSilence_FailsAtTheTimeoutCountedFromItsStart()
    {
        var snapshot = Submitted(Given.SchedulerJob(since: 5000));

        var before = snapshot.Plan(5119);
        Assert.Null(before.Cluster);
        Assert.Equal(Given.At(5120), before.DueAt);

        var plan = snapshot.Plan(5120);
        Assert.Equal((ClusterPhase.Closing, ClusterPhase.Failed), (plan.Cluster!.Phase, plan.Cluster.Outcome));
        Assert.Contains("has not reported", plan.Cluster.Reason);
        Assert.Equal(["Stop c"], plan.Effects());
    }

    [Fact]
    public void Submitted_GatewayWasDeaf_CountsFromWhenItHearsAgain()
    {
        var snapshot = Submitted(Given.SchedulerJob()) with { HearingSince = Given.At(100) };

        Assert.Equal(Given.At(220), snapshot.Plan(130).DueAt);
        Assert.NotNull(snapshot.Plan(220).Cluster);
    }

    [Fact]
    public void Submitted_BackendIsBlind_DoesNotCountAtAll()
    {
        var snapshot = Submitted(Given.SchedulerJob()) with { SeeingSince = new Dictionary<string, DateTimeOffset>() };

        var plan = snapshot.Plan(100_000);
        Assert.Null(plan.Cluster);
        Assert.NotNull(plan.DueAt);
    }

    [Fact]
    public void Submitted_BackendSeesAgain_CountsFromThere()
    {
        var snapshot = Submitted(Given.SchedulerJob()) with { SeeingSince = new Dictionary<string, DateTimeOffset> { ["schedd"] = Given.At(50) } };

        Assert.Equal(Given.At(170), snapshot.Plan(130).DueAt);
    }

    [Fact]
    public void Submitted_JobHeld_FailsWithItsReasonAfterTheHeldTimeout()
    {
        var snapshot = Submitted(Given.SchedulerJob(JobState.Held, since: 10) with { Reason = "No such image." });

        Assert.Equal(Given.At(210), snapshot.Plan(209).DueAt);
        var plan = snapshot.Plan(210);
        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Outcome);
        Assert.Contains("No such image.", plan.Cluster.Reason);
    }

    [Theory]
    [InlineData("It was killed for its memory.", null, "It was killed for its memory.")]
    [InlineData(null, 137, "exit code 137")]
    [InlineData(null, null, "does not say why")]
    public void Submitted_JobEnded_FailsWithWhatIsKnownAndStopsNothing(string? reason, int? exitCode, string told)
    {
        var plan = Submitted(Given.SchedulerJob(JobState.Ended) with { Reason = reason, ExitCode = exitCode }).Plan();

        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Phase);
        Assert.Contains(told, plan.Cluster.Reason);
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Submitted_FirstHeartbeat_AsksForACheckAndStaysUnpublished()
    {
        var plan = Submitted(Given.SchedulerJob()).Told(h => h).Plan();

        Assert.Equal(ClusterPhase.Submitted, plan.Cluster!.Phase);
        Assert.Equal(Given.Heartbeat.SchedulerAddress, plan.Cluster.SchedulerAddress);
        var check = Assert.Single(plan.Outbox);
        Assert.Equal((OutboxAction.CheckAddress, Given.CheckArgument), (check.Action, check.Argument));
    }

    [Fact]
    public void Submitted_FirstHeartbeatAlreadyChecked_RunsAtOnce()
    {
        var plan = Submitted(Given.SchedulerJob() with { CheckedAddress = Given.CheckArgument, AddressVerdict = AddressVerdict.Yes }).Told(h => h).Plan(7);

        Assert.Equal((ClusterPhase.Running, Given.Heartbeat.SchedulerAddress), (plan.Cluster!.Phase, plan.Cluster.SchedulerAddress));
        Assert.Empty(plan.Outbox);
    }

    [Fact]
    public void Submitted_FirstHeartbeatAndAnotherAddressChecked_AsksForACheck()
    {
        var plan = Submitted(Given.SchedulerJob() with { CheckedAddress = "10.0.0.9 1 2 3", AddressVerdict = AddressVerdict.Yes }).Told(h => h).Plan();

        Assert.Equal(ClusterPhase.Submitted, plan.Cluster!.Phase);
        Assert.Equal(Given.CheckArgument, Assert.Single(plan.Outbox).Argument);
    }

    [Fact]
    public void Submitted_HeartbeatBeforeItsStartIsRecorded_WaitsForTheRecord()
    {
        var plan = Submitted().Told(h => h).Plan();

        Assert.Null(plan.Cluster);
        Assert.Empty(plan.Outbox);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.0.0.9 1 2 3")]
    public void Submitted_CheckNotAnswered_Waits(string? otherAddress)
    {
        var plan = Addressed(Given.SchedulerJob() with { CheckedAddress = otherAddress, AddressVerdict = otherAddress is null ? null : AddressVerdict.Yes }).Plan();

        Assert.Null(plan.Cluster);
        Assert.Empty(plan.Outbox);
        Assert.Equal(Given.At(120), plan.DueAt);
    }

    [Fact]
    public void Submitted_CheckNeverAnswered_FailsAtTheTimeoutAndSaysSo()
    {
        var plan = Addressed(Given.SchedulerJob()).Plan(120);

        Assert.Contains("could not confirm", plan.Cluster!.Reason);
    }

    [Fact]
    public void Submitted_AddressConfirmed_Runs()
    {
        var plan = Addressed(Given.SchedulerJob() with { CheckedAddress = Given.CheckArgument, AddressVerdict = AddressVerdict.Yes }).Told(h => h with { Count = 2 }).Plan(7);

        Assert.Equal((ClusterPhase.Running, Given.At(7)), (plan.Cluster!.Phase, plan.Cluster.RunningAt));
        Assert.Equal(["Start c-new1", "Start c-new2"], plan.Effects());
        Assert.Equal([EventKinds.ClusterRunning, EventKinds.WorkersSubmitted], plan.Kinds());
    }

    [Fact]
    public void Submitted_AddressOfSomebodyElse_Fails()
    {
        var plan = Addressed(Given.SchedulerJob() with { CheckedAddress = Given.CheckArgument, AddressVerdict = AddressVerdict.No }).Plan();

        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Outcome);
        Assert.Contains("not those of its own job", plan.Cluster.Reason);
    }

    [Fact]
    public void Submitted_AddressChangesDuringTheCheck_IsCheckedAnew()
    {
        var plan = Addressed(Given.SchedulerJob()).Told(h => h with { SchedulerAddress = "tls://10.0.0.1:9999" }).Plan();

        Assert.Equal("tls://10.0.0.1:9999", plan.Cluster!.SchedulerAddress);
        Assert.Equal("10.0.0.1 9999 9000 8787", Assert.Single(plan.Outbox).Argument);
    }

    [Theory]
    [InlineData("tcp://10.0.0.1:8786", "http://10.0.0.1:9000", "")]
    [InlineData("tls://10.0.0.1:8786", "http://10.0.0.2:9000", "")]
    [InlineData("tls://10.0.0.1:8786", "http://10.0.0.1:9000", "http://169.254.169.254:80")]
    [InlineData("tls://0.0.0.0:8786", "http://0.0.0.0:9000", "")]
    [InlineData("tls://u:p@10.0.0.1:8786", "http://10.0.0.1:9000", "")]
    [InlineData("tls://10.0.0.1", "http://10.0.0.1:9000", "")]
    [InlineData("tls://10.0.0.1:8786/x", "http://10.0.0.1:9000", "")]
    [InlineData("", "", "")]
    public void Submitted_AddressesThatCannotBeUsed_Fail(string scheduler, string api, string dashboard)
    {
        var plan = Submitted(Given.SchedulerJob()).Told(h => h with { SchedulerAddress = scheduler, ApiAddress = api, DashboardAddress = dashboard }).Plan();

        Assert.Equal(ClusterPhase.Failed, plan.Cluster!.Outcome);
        Assert.Null(plan.Cluster.SchedulerAddress);
        Assert.DoesNotContain(plan.Outbox, e => e.Action == OutboxAction.CheckAddress);
    }

    [Fact]
    public void Submitted_NoDashboard_IsCheckedWithoutOne()
    {
        var plan = Submitted(Given.SchedulerJob()).Told(h => h with { DashboardAddress = "" }).Plan();

        Assert.Null(plan.Cluster!.DashboardAddress);
        Assert.Equal("10.0.0.1 8786 9000", Assert.Single(plan.Outbox).Argument);
    }
}
