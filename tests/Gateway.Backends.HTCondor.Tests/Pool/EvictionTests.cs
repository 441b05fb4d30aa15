using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Jobs that lose their machine, or take more of it than they asked for: what their owner is told, and that they never run again.</summary>
public sealed class EvictionTests(PoolFixture pool) : PoolTest(pool)
{
    [Fact]
    public async Task Vacated_ByAnAdministrator_IsLostWithThatReason()
    {
        var (backend, job, handle) = await RunningAsync();

        await Fixture.ExecAsync("gateway", "condor_vacate_job", "-fast", handle.Handle!.Split('#')[1]);

        await AssertLostAsync(backend, job, handle, "vacate");
    }

    [Fact]
    public async Task Preempted_ByTheMachine_IsLostWithThatReason()
    {
        var backend = Create(("Submit:Attributes:PreemptMe", "time() - JobCurrentStartDate > 3"));
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);

        await AssertLostAsync(backend, job, handle, "preempt");
    }

    [Fact]
    public async Task OutOfMemory_IsHeldOrEndedWithWhatToDo()
    {
        var backend = Create(("Submit:Attributes:HoldIfTooBig", "True"));
        var job = Job("echo $$ >> \"$W/$N\"; exec python3 -c 'import time; x = [bytearray(4 << 20) for _ in range(100)]; time.sleep(600)'");
        var handle = await StartAsync(backend, job);

        // By the kernel, where HTCondor can bound memory, else by the site's rule.
        var report = await UntilAsync(backend, handle, report => report.State is JobState.Held or JobState.Ended, "the job to be stopped");

        Assert.Contains("it used more memory than it asked for", report.Reason, StringComparison.Ordinal);
        Assert.Single(Lines(job.Name));
    }

    [Fact]
    public async Task Suspended_AndContinued_IsTold()
    {
        var (backend, _, handle) = await RunningAsync();

        await Fixture.ExecAsync("gateway", "condor_suspend", handle.Handle!.Split('#')[1]);
        var report = await UntilAsync(backend, handle, report => report.Reason is not null, "the job to be suspended");
        Assert.Equal((JobState.Running, "The machine has suspended it."), (report.State, report.Reason));

        await Fixture.ExecAsync("gateway", "condor_continue", handle.Handle!.Split('#')[1]);
        await UntilAsync(backend, handle, report => report is { State: JobState.Running, Reason: null }, "the job to go on");
    }

    private async Task<(IJobBackend Backend, JobStart Job, JobHandle Handle)> RunningAsync()
    {
        var backend = Create();
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);
        await UntilAsync(backend, handle, report => report.State == JobState.Running, "the job to run");
        return (backend, job, handle);
    }

    private async Task AssertLostAsync(IJobBackend backend, JobStart job, JobHandle handle, string why)
    {
        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to be lost");
        Assert.Matches("^It (lost its place|was evicted) on ", report.Reason);
        Assert.Contains(why, report.Reason, StringComparison.OrdinalIgnoreCase);
        await UntilAsync(async () => await QueueAsync("true", "ClusterId") == "", () => "the job to leave the queue");
        Assert.Single(Lines(job.Name));
        Assert.Matches("^It (lost its place|was evicted) on ", (await FindAsync(backend, handle))!.Reason);
    }
}
