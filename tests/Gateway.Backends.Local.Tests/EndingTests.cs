using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>However a job is ended, nothing of it is left, and the reason is known.</summary>
public sealed class EndingTests
{
    private const string Stubborn = "trap '' INT TERM; echo $$ >> \"$W/$N\"; while :; do sleep 0.1; done";

    [Fact]
    public async Task Stop_ProgramThatEndsOnInterrupt_IsNotKilled()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:10:00");
        var job = await local.StartAsync("trap 'exit 5' INT; echo $$ >> \"$W/$N\"; while :; do sleep 0.05; done");
        await local.WitnessesAsync(job.Name);

        Assert.Equal(StopOutcome.Ending, await local.StopAsync(job));
        var end = await local.EndOfAsync(job);

        Assert.Equal(5, end.ExitCode);
        Assert.Equal("was stopped", end.Reason);
    }

    [Fact]
    public async Task Stop_ProgramThatIgnoresInterrupt_GetsTerminate()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:00:00.1").With("TerminateWait", "00:10:00");
        var job = await local.StartAsync("trap '' INT; trap 'exit 6' TERM; echo $$ >> \"$W/$N\"; while :; do sleep 0.05; done");
        await local.WitnessesAsync(job.Name);

        await local.StopAsync(job);

        Assert.Equal(6, (await local.EndOfAsync(job)).ExitCode);
    }

    [Fact]
    public async Task Stop_ProgramThatIgnoresAll_IsKilled()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:00:00.1").With("TerminateWait", "00:00:00.1");
        var job = await local.StartAsync(Stubborn);
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));

        await local.StopAsync(job);
        var end = await local.EndOfAsync(job);

        Assert.Equal(137, end.ExitCode);
        Assert.False(LocalHarness.IsAlive(pid));
        Assert.Equal(StopOutcome.Gone, await local.StopAsync(job));
    }

    [Fact]
    public async Task Stop_BegunBeforeARestart_IsFinishedAfterItByItself()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:00:00.5").With("TerminateWait", "00:00:00.5");
        var job = await local.StartAsync(Stubborn);
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        await local.StopAsync(job);

        await local.RestartAsync();
        _ = local.Backend;

        await LocalHarness.UntilDeadAsync(pid);
        var end = await local.EndOfAsync(job);
        Assert.Equal("was stopped", end.Reason);
    }

    [Fact]
    public async Task Stop_WholeFamily_LeavesNobody()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:00:00.2").With("TerminateWait", "00:00:00.2");
        var job = await local.StartAsync(
            """
            (trap '' INT TERM; sh -c 'echo $$ >> "$W/$N"; while :; do sleep 0.1; done') &
            setsid sh -c 'trap "" INT TERM; echo $$ >> "$W/$N"; while :; do sleep 0.1; done' &
            echo $$ >> "$W/$N"
            wait
            """);
        var pids = await local.WitnessesAsync(job.Name, 3);

        await local.StopAsync(job);
        await local.EndOfAsync(job);

        Assert.All(pids, pid => Assert.False(LocalHarness.IsAlive(pid)));
    }

    [Fact]
    public async Task End_WithProcessesLeftBehind_WaitsUntilTheyAreEnded()
    {
        await using var local = new LocalHarness().With("TerminateWait", "00:00:00.3");
        var job = await local.StartAsync(
            """
            sh -c 'trap "" TERM; echo $$ >> "$W/$N"; while :; do sleep 0.1; done' &
            setsid -f sh -c 'trap "" TERM; echo $$ >> "$W/$N"; while :; do sleep 0.1; done'
            until [ $(wc -l < "$W/$N") = 2 ]; do sleep 0.01; done
            exit 4
            """);
        var pids = await local.WitnessesAsync(job.Name, 2);

        var end = await local.EndOfAsync(job);

        Assert.Equal(4, end.ExitCode);
        Assert.All(pids, pid => Assert.False(LocalHarness.IsAlive(pid)));
    }

    [Fact]
    public async Task End_OfTheSupervisorAlone_EndsTheJobToo()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $PPID >> \"$W/$N\"; echo $$ >> \"$W/$N\"; exec sleep 600");
        var pids = await local.WitnessesAsync(job.Name, 2);

        System.Diagnostics.Process.GetProcessById(pids[0]).Kill();
        var end = await local.EndOfAsync(job);

        Assert.False(LocalHarness.IsAlive(pids[1]));
        Assert.Equal(137, end.ExitCode);
    }

    [Fact]
    public async Task End_WhileNoGatewayRuns_IsKnownAfterwards()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $$ >> \"$W/$N\"; until [ -e \"$W/go\" ]; do sleep 0.05; done; exit 9");
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        await local.ReleaseAsync();

        await File.WriteAllTextAsync(Path.Combine(local.World.Witness, "go"), "", LocalHarness.Cancellation);
        await LocalHarness.UntilDeadAsync(pid);

        var end = await local.EndOfAsync(job);
        Assert.Equal(9, end.ExitCode);
        Assert.Contains("exit code 9", end.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_WhileNoGatewayRuns_LeavesNobodyBehindAfterwards()
    {
        await using var local = new LocalHarness().With("TerminateWait", "00:00:00.2");
        var job = await local.StartAsync("setsid -f sh -c 'trap \"\" TERM; echo $$ >> \"$W/$N\"; while :; do sleep 0.1; done'; until [ -e \"$W/go\" ]; do sleep 0.05; done");
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        await local.ReleaseAsync();
        await File.WriteAllTextAsync(Path.Combine(local.World.Witness, "go"), "", LocalHarness.Cancellation);
        await LocalHarness.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(local.DirectoryOf(job.Name), "exit"))), "the job's own end");

        await local.EndOfAsync(job);

        Assert.False(LocalHarness.IsAlive(pid));
    }

    [Fact]
    public async Task Watch_JobThatEnds_TellsItUnasked()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $$ >> \"$W/$N\"; exec sleep 600");
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(LocalHarness.Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var reports = local.Backend.WatchAsync(patience.Token).GetAsyncEnumerator(patience.Token);
        var next = reports.MoveNextAsync();

        System.Diagnostics.Process.GetProcessById(pid).Kill();

        Assert.True(await next);
        var report = Assert.Single(reports.Current);
        Assert.Equal((job.Name, JobState.Ended, 137), (report.Name, report.State, report.ExitCode));
        await reports.DisposeAsync();
    }
}
