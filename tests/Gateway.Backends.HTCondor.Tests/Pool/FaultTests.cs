using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Testing;

namespace Gateway.Backends.HTCondor.Tests.Pool;

public sealed class FaultTests(PoolFixture pool) : PoolTest(pool)
{
    [Fact]
    public async Task ScheddKilled_JobsRunOnAndAreFoundAgain()
    {
        var backend = Create();
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);

        await InPoolAsync("condor_master", "kill -STOP $all"); // it would start another within two seconds
        try
        {
            await HTCondorPool.KillAsync("condor_schedd");
            await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.ListAsync(Cancellation));
            await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.StartAsync([Job(Stay)], Cancellation));
            await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.StopAsync([handle], Cancellation));
        }
        finally
        {
            await InPoolAsync("condor_master", "kill -CONT $all");
        }

        await UntilAsync(backend, handle, report => report.State == JobState.Running, "the job to be seen again");
        Assert.Single(Lines(job.Name));
        await StartAsync(backend, Job(Stay, attempt: 2));
    }

    [Fact]
    public async Task StarterKilled_JobIsLostAndNeverRunsAgain()
    {
        var backend = Create();
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);
        await UntilAsync(backend, handle, report => report.State == JobState.Running, "the job to run");

        await HTCondorPool.KillAsync("condor_starter");

        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to be lost");
        Assert.Contains("lost its place", report.Reason, StringComparison.Ordinal);
        await UntilAsync(async () => await QueueAsync("true", "ClusterId") == "", () => "the job to leave the queue");
        Assert.Single(Lines(job.Name));
        Assert.Contains("lost", (await FindAsync(backend, handle))!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartdKilled_JobIsLostWhenItsLeaseEndsAndNeverRunsAgain()
    {
        var backend = Create();
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);
        await UntilAsync(backend, handle, report => report.State == JobState.Running, "the job to run");

        await HTCondorPool.KillAsync("condor_startd");

        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to be lost");
        Assert.NotNull(report.Reason);
        Assert.Single(Lines(job.Name));
        var after = Job(Stay);
        await StartAsync(backend, after);
        await UntilStartedAsync(after);
        Assert.Single(Lines(job.Name));
    }

    [Fact]
    public async Task NegotiatorOff_JobsWaitWithAReasonAndStartWhenItIsBack()
    {
        var backend = Create();
        await Fixture.ExecAsync("root", "condor_off", "-negotiator");
        try
        {
            await UntilAsync(async () => (await HTCondorPool.ProcessesAsync("condor_negotiator")).Length == 0, () => "the negotiator to end");
            var job = Job(Stay);
            var handle = await StartAsync(backend, job);

            var report = await UntilAsync(backend, handle, report => report.State == JobState.Pending && report.Reason is not null, "a reason for waiting");
            Assert.Contains("waits in the queue", report.Reason, StringComparison.Ordinal);

            await Fixture.ExecAsync("root", "condor_on", "-negotiator");
            await UntilStartedAsync(job);
        }
        finally
        {
            await Fixture.ExecAsync("root", "condor_on", "-negotiator");
        }
    }

    [Fact]
    public async Task HeldByAnAdministrator_IsToldAndNotReleased()
    {
        var backend = Create(("Submit:ReleaseAfter", "00:00:01"));
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);

        await Fixture.ExecAsync("root", "condor_hold", "-reason", "maintenance at noon", handle.Handle!.Split('#')[1]);

        var report = await UntilAsync(backend, handle, report => report.State == JobState.Held, "the job to be held");
        Assert.Contains("maintenance at noon", report.Reason, StringComparison.Ordinal);
        Assert.Contains("held by hand", report.Reason, StringComparison.Ordinal);
        Assert.Equal(StopOutcome.Ending, Assert.Single(await backend.StopAsync([handle], Cancellation)));
        await UntilAsync(async () => await QueueAsync("true", "ClusterId") == "", () => "the job to leave the queue");
    }

    [Fact]
    public async Task FilesGone_IsReleasedAsOftenAsConfiguredAndThenHeld()
    {
        var backend = Create(("Submit:ReleaseTimes", "2"), ("Submit:ReleaseAfter", "00:00:01"), ("Submit:Lines:0", "hold = true"));
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        Directory.Delete(Path.Combine(Folder, "clusters", job.Cluster, "files"), recursive: true);

        await Fixture.ExecAsync("root", "condor_release", handle.Handle!.Split('#')[1]);

        // Held at first by our own hand, then twice for its files.
        await UntilAsync(async () => await QueueAsync("JobStatus == 5", "NumHolds") == "3", () => "the last hold");
        var report = await UntilAsync(backend, handle, report => report.State == JobState.Held, "the job to be held");
        Assert.Contains("files could not be brought to the machine", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgramMissing_IsHeldWithWhatToDo()
    {
        var backend = Create(("Submit:Lines:0", "executable = /nonexistent/program"));

        var report = await UntilAsync(backend, await StartAsync(backend, Job(Stay)), report => report.State == JobState.Held, "the job to be held");

        Assert.Contains("its command was not found on the machine", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RemovedByHand_IsToldWithWhoDidIt()
    {
        var backend = Create();
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        await UntilStartedAsync(job);

        await Fixture.ExecAsync("root", "condor_rm", handle.Handle!.Split('#')[1]);

        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to end");
        Assert.Contains("removed via condor_rm (by user", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WallTimeOver_IsRemovedWithThatReason()
    {
        var backend = Create(("Submit:MaxDuration", "00:01:00"), ("Submit:Lines:0", "periodic_remove = JobStatus == 2"), ("Submit:Lines:1", "My.PeriodicRemoveReason = \"gateway: wall time over\""));
        Assert.Equal(TimeSpan.FromMinutes(1), backend.MaxJobDuration(new ClusterSpec { SchedulerBackend = "farm", Account = "alice" }));
        var handle = await StartAsync(backend, Job(Stay));

        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to be removed");

        Assert.Contains("Its time was over on", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImpossibleRequest_IsExplainedByAnalysis()
    {
        var backend = Create(("Idle:AnalyzeAfter", "00:00:01"), ("Idle:AnalyzePeriod", "00:10:00"));
        var job = Job(Stay);
        var handle = await StartAsync(backend, job with { Resources = new JobResources { Memory = 1L << 50 } });

        var report = await UntilAsync(backend, handle, report => report.Reason?.Contains("can ever run it", StringComparison.Ordinal) == true, "an analysis");

        Assert.Equal(JobState.Pending, report.State);
        Assert.Contains("RequestMemory", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SubmitHangs_IsBoundedAndTheNextTryMakesExactlyOne()
    {
        var tool = Hanging("condor_submit", before: true);
        var job = Job(Stay);
        var hanging = Create([.. Prefixed(tool), ("Tools:SubmitTimeout", "00:00:02")]);

        var outcome = Assert.Single(await hanging.StartAsync([job], Cancellation));
        Assert.IsType<StartOutcome.Deferred>(outcome);

        await StartAsync(Create(), job with { Attempt = 2 });
        await UntilStartedAsync(job);
        Assert.Single((await QueueAsync("true", "ClusterId")).Split('\n'));
    }

    [Fact]
    public async Task SubmitHangsAfterItSubmitted_TheJobIsAdopted()
    {
        var tool = Hanging("condor_submit", before: false);
        var job = Job(Stay);
        var hanging = Create([.. Prefixed(tool), ("Tools:SubmitTimeout", "00:00:04")]);

        Assert.IsType<StartOutcome.Started>(Assert.Single(await hanging.StartAsync([job], Cancellation)));

        await UntilStartedAsync(job);
        Assert.Single((await QueueAsync("true", "ClusterId")).Split('\n'));
    }

    [Fact]
    public async Task GatewayKilledBetweenSubmitAndSave_SecondAttemptAdopts()
    {
        for (var i = 0; i < 5; i++)
        {
            var job = Job(Stay);
            var first = await StartAsync(Create(), job);

            var second = await StartAsync(Create(), job with { Attempt = 2 });

            Assert.Equal(first.Handle, second.Handle);
        }

        Assert.Equal(5, (await QueueAsync("true", "ClusterId")).Split('\n').Length);
    }

    [Fact]
    public async Task JobEndedBetweenTwoAttempts_IsNotStartedAgain()
    {
        var job = Job("echo $$ >> \"$W/$N\"");
        var backend = Create();
        var handle = await StartAsync(backend, job);
        await UntilAsync(async () => await QueueAsync("true", "ClusterId") == "", () => "the job to leave the queue");

        var outcome = Assert.Single(await Create().StartAsync([job with { Attempt = 2 }], Cancellation));

        Assert.Equal(new StartOutcome.Started(handle.Handle!, JobState.Ended), outcome);
        Assert.Single(Lines(job.Name));
    }

    [Fact]
    public async Task TwoJobsOfOneName_TheSecondIsRemoved()
    {
        var job = Job(Stay);
        var first = await StartAsync(Create(), job);
        await UntilStartedAsync(job);
        var other = Create(("Submit:Requirements", "False"));
        await StartAsync(other, job);

        await UntilAsync(async () => (await other.ListAsync(Cancellation)).Jobs.Count == 1 && (await QueueAsync("JobStatus != 3", "ClusterId")).Split('\n').Length == 1, () => "the second job to be removed");

        Assert.Equal(first.Handle, Assert.Single((await other.ListAsync(Cancellation)).Jobs).Handle);
    }

    [Fact]
    public async Task SpoolFull_IsDeferredAndLeavesNothing()
    {
        var tool = Path.Combine(Folder + "-tool.sh");
        // A condor_submit whose files do not get through: the job is made, and its files are not there.
        await File.WriteAllTextAsync(tool, "#!/bin/sh\nfor a; do case $a in condor_submit) submit=1;; esac; done\n[ -n \"$submit\" ] || exec \"$@\"\ntimeout 0.15 \"$@\"; echo 'ERROR: Failed to spool job files.' >&2; exit 1\n", Cancellation);
        await Fixture.ExecAsync("root", "chmod", "755", PoolBackend.Inside(tool));
        var backend = Create([.. PoolSettings.Token, .. Prefixed(tool)]);
        var job = Job(Stay) with { Files = [new JobFile("large", new byte[20 << 20])] };

        var outcome = Assert.Single(await backend.StartAsync([job], Cancellation));

        Assert.True(outcome is StartOutcome.Deferred or StartOutcome.Started, outcome.ToString());
        if (outcome is StartOutcome.Deferred)
        {
            await UntilAsync(async () => await QueueAsync("JobStatus != 3", "ClusterId") == "", () => "the half-made job to be removed");
            await UntilAsync(async () => Assert.Single(await Create(PoolSettings.Token).StartAsync([job with { Attempt = 2 }], Cancellation)) is StartOutcome.Started, () => "the next try");
        }

        Assert.Single((await QueueAsync("JobStatus != 3", "ClusterId")).Split('\n'));
        File.Delete(tool);
    }

    [Fact]
    public async Task EventLog_TellsOfStartHoldAndEndBeforeAListing()
    {
        var log = Path.Combine(PoolFixture.Root, "var/log/condor/EventLog");
        foreach (var settings in (IEnumerable<(string, string)[]>)[[], [("EventLog:Path", log)]])
        {
            var backend = Create(settings);
            var job = Job("echo $$ >> \"$W/$N\"; sleep 1; exit 5");
            var handle = await StartAsync(backend, job);
            var seen = new List<JobReport>();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            stop.CancelAfter(TimeSpan.FromSeconds(60));

            await foreach (var reports in backend.WatchAsync(stop.Token))
            {
                seen.AddRange(reports.Where(report => report.Name == job.Name));
                if (seen.Any(report => report.State == JobState.Ended))
                {
                    break;
                }
            }

            Assert.Contains(seen, report => report is { State: JobState.Running, Host.Length: > 0 });
            Assert.Equal(5, seen[^1].ExitCode);
            Assert.Equal(handle.Handle, seen[^1].Handle);
        }
    }

    [Fact]
    public async Task ToolsMissing_ProbeAndStartSaySo()
    {
        var backend = Create(("Tools:Folder", "/nonexistent"));

        Assert.Contains("install them, or set Tools:Folder", await backend.ProbeAsync(Cancellation), StringComparison.Ordinal);
        await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.StartAsync([Job(Stay)], Cancellation));
    }

    /// <summary>A prefix for tools with which one of them hangs, before or after its work.</summary>
    private string Hanging(string tool, bool before)
    {
        var path = Folder + "-hang.sh";
        var act = before ? "exec sleep 600" : "\"$@\"; exec sleep 600";
        File.WriteAllText(path, $"#!/bin/sh\nfor a; do case $a in {tool}) {act};; esac; done\nexec \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)493);
        }

        return path;
    }

    private (string Key, string Value)[] Prefixed(string tool) => [("Tools:CommandPrefix:3", "/bin/sh"), ("Tools:CommandPrefix:4", PoolBackend.Inside(tool))];
}
