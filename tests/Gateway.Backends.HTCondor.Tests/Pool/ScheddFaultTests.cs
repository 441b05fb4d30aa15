using Gateway.Core.Backends;
using Gateway.Testing;

namespace Gateway.Backends.HTCondor.Tests.Pool;

public sealed class ScheddFaultTests(PoolFixture pool) : PoolTest(pool)
{
    private static string Second => $"second@{Environment.MachineName}";

    private static (string Key, string Value)[] Two => [("Schedds:0:Name", ""), ("Schedds:1:Name", Second)];

    [Fact]
    public async Task TwoSchedds_JobsGoToTheOneWithFewerWaiting_AndAreFoundInBoth()
    {
        var backend = Create([.. Two, ("Submit:Requirements", "False")]);
        await UntilBothAnswerAsync(backend);

        var first = await StartAllAsync(backend, 3);
        var second = await StartAllAsync(backend, 2);

        Assert.All(first, handle => Assert.StartsWith("local#", handle.Handle));
        Assert.All(second, handle => Assert.StartsWith(Second + "#", handle.Handle));
        JobListing? listing = null;
        await UntilAsync(async () => (listing = await backend.ListAsync(Cancellation)).UnreachableScopes.Count == 0, () => "both schedds to be listed within the few seconds that they have");
        Assert.Equal(first.Concat(second).Select(handle => handle.Handle).Order(StringComparer.Ordinal), listing!.Jobs.Select(job => job.Handle).Order(StringComparer.Ordinal));
        Assert.All(await backend.StopAsync([.. first, .. second.Select(handle => handle with { Handle = null })], Cancellation), outcome => Assert.Equal(StopOutcome.Ending, outcome));
        await UntilAsync(async () => (await backend.ListAsync(Cancellation)).Jobs.All(job => job.State == JobState.Ended), () => "all to be gone");
    }

    [Fact]
    public async Task OneScheddIsBusy_JobsGoToTheOtherThoughMoreWaitThere()
    {
        var path = Folder + "-status.sh";
        await File.WriteAllTextAsync(path, $"for a; do case $a in *condor_status) echo {Second} 0.99; exit;; esac; done\nexec \"$@\"\n", Cancellation);
        var backend = Create([.. Two, ("Submit:Requirements", "False"), ("Tools:CommandPrefix:3", "/bin/sh"), ("Tools:CommandPrefix:4", PoolBackend.Inside(path))]);
        await UntilBothAnswerAsync(backend);

        var first = await StartAllAsync(backend, 3);
        var second = await StartAllAsync(backend, 2);

        Assert.All(first.Concat(second), handle => Assert.StartsWith("local#", handle.Handle));
    }

    [Fact]
    public async Task OneScheddHangs_ItsJobsCountAsUnknownAndNewOnesGoToTheOther()
    {
        var backend = Create([.. Two, ("Submit:Requirements", "False"), ("Tools:Timeout", "00:00:08"), ("Tools:SubmitTimeout", "00:00:08")]);
        await UntilBothAnswerAsync(backend);
        var there = await StartAllAsync(backend, 2);
        var elsewhere = await StartAllAsync(backend, 1);
        Assert.StartsWith(Second, Assert.Single(elsewhere).Handle);

        await SignalSecondAsync("STOP");
        try
        {
            var listing = await backend.ListAsync(Cancellation);
            Assert.Equal([Second], listing.UnreachableScopes);
            Assert.Equal(there.Select(handle => handle.Name).Order(StringComparer.Ordinal), listing.Jobs.Select(job => job.Name).Order(StringComparer.Ordinal));
            Assert.All(await StartAllAsync(backend, 1), handle => Assert.StartsWith("local#", handle.Handle));
            await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.StopAsync(elsewhere, Cancellation));
            // It may be there already, for all that is known.
            await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.StartAsync([Job(Stay, attempt: 2)], Cancellation));
        }
        finally
        {
            await SignalSecondAsync("CONT");
        }

        await UntilAsync(async () => (await backend.ListAsync(Cancellation)) is { UnreachableScopes.Count: 0, Jobs.Count: 4 }, () => "the second schedd again");
    }

    [Fact]
    public async Task ScheddKilled_WhileJobsAreSubmitted_EachExistsOnceInTheEnd()
    {
        var random = new Random(7);
        for (var round = 0; round < 6; round++)
        {
            // Jobs whose files were on their way are another's until no submission can be under way any more.
            (string, string)[] settings = [.. round % 2 == 0 ? [] : PoolSettings.Token, ("Submit:Requirements", "False"), ("Tools:SubmitTimeout", "00:00:20")];
            var jobs = Enumerable.Range(0, 20).Select(_ => Job(Stay, cluster: $"c{round}")).ToList();
            var backend = Create(settings);

            var starting = TryAsync(backend, jobs);
            using (var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(random.Next(1, 400))))
            {
                await pause.WaitForNextTickAsync(Cancellation);
            }

            await HTCondorPool.KillAsync("condor_schedd");
            var handles = new Dictionary<string, string>();
            Note(await starting);

            // A gateway that was killed, too, knows nothing but the names.
            var next = Create(settings);
            await UntilAsync(
                async () =>
                {
                    Note(await TryAsync(next, [.. jobs.Where(job => !handles.ContainsKey(job.Name)).Select(job => job with { Attempt = 2 })]));
                    return handles.Count == jobs.Count;
                },
                () => $"all to be started in round {round}; {handles.Count} are\n{string.Join('\n', Logs.TakeLast(20))}");

            var listing = new List<JobReport>();
            await UntilAsync(async () => await ListAsync(next, listing) && listing.Count >= jobs.Count, () => $"all {jobs.Count} to be listed in round {round}; {listing.Count} are\n{string.Join('\n', Logs.TakeLast(20))}");
            Assert.Equal(jobs.Select(job => job.Name).Order(StringComparer.Ordinal), listing.Select(job => job.Name).Order(StringComparer.Ordinal));
            var queued = (await QueueAsync($"JobStatus != 3 && DaskGatewayCluster == \"c{round}\"", "DaskGatewayJob")).Split('\n').Select(name => name.Trim('"'));
            Assert.Equal(jobs.Select(job => job.Name).Order(StringComparer.Ordinal), queued.Order(StringComparer.Ordinal));
            await next.StopAsync([.. jobs.Select(job => new JobHandle(job.Name, null))], Cancellation);

            void Note(IReadOnlyList<(JobStart Job, StartOutcome Outcome)> outcomes)
            {
                foreach (var (job, outcome) in outcomes)
                {
                    Assert.IsNotType<StartOutcome.Refused>(outcome);
                    if (outcome is StartOutcome.Started started)
                    {
                        handles[job.Name] = started.Handle;
                    }
                }
            }
        }
    }

    [Fact]
    public async Task TransferOfASubmission_Killed_HTCondorRemovesTheJobs_WhichIsToldAndTheyCanBeMadeAgain()
    {
        var backend = Create([.. PoolSettings.Token, ("Submit:Requirements", "False")]);
        var (jobs, outcomes) = await KillTransferAsync(backend);

        await UntilAsync(async () => (await QueueAsync($"JobStatus != 3 && DaskGatewayCluster == \"{jobs[0].Cluster}\"", "ClusterId")).Length == 0, () => "HTCondor to remove the jobs");
        foreach (var (job, outcome) in outcomes)
        {
            if (outcome is StartOutcome.Started started)
            {
                var report = await UntilAsync(backend, new JobHandle(job.Name, started.Handle), report => report.State == JobState.Ended, "the job to count as ended");
                Assert.Contains("HTCondor removed it", report.Reason, StringComparison.Ordinal);
            }
        }

        var again = await backend.StartAsync([.. jobs.Select(job => job with { Attempt = 2 })], Cancellation);
        Assert.All(again, outcome => Assert.IsType<StartOutcome.Started>(outcome));
        Assert.Equal(jobs.Select(job => job.Name).Order(StringComparer.Ordinal), (await QueueAsync($"JobStatus != 3 && DaskGatewayCluster == \"{jobs[0].Cluster}\"", "DaskGatewayJob")).Split('\n').Select(name => name.Trim('"')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task JobOfAnEarlierTry_StillBeingRemoved_IsWaitedForAndNotTakenForTheJob()
    {
        var backend = Create(("Submit:Requirements", "False"));
        var job = Job(Stay);
        await StartAsync(backend, job);

        // A busy schedd takes its time to let a job go; this one takes until it is told.
        await EditAsync(job, "LeaveJobInQueue", "true");
        await Fixture.ExecAsync("root", "condor_rm", "-constraint", $"DaskGatewayJob == \"{job.Name}\"");
        Assert.Equal("3", await QueueAsync($"DaskGatewayJob == \"{job.Name}\"", "JobStatus"));
        var retry = job with { Attempt = 2 };
        var deferred = Assert.IsType<StartOutcome.Deferred>(Assert.Single(await Create(("Submit:Requirements", "False")).StartAsync([retry], Cancellation)));
        Assert.Equal("HTCondor is still removing an earlier submission of it: it is submitted again when that is gone.", deferred.Reason);

        await EditAsync(job, "LeaveJobInQueue", "false");
        await UntilAsync(async () => Assert.Single(await backend.StartAsync([retry], Cancellation)) is StartOutcome.Started, () => "the next try to succeed");
        Assert.Equal("1", await QueueAsync($"JobStatus != 3 && DaskGatewayJob == \"{job.Name}\"", "JobStatus"));
    }

    [Fact]
    public async Task SpoolFull_ForReal_IsDeferredWithHTCondorsReasonAndThenMadeOnce()
    {
        var backend = Create(PoolSettings.Token);
        var last = await StartAsync(backend, Job(Stay));
        var spool = (await Fixture.ExecAsync("root", "condor_config_val", "SPOOL")).Output.Trim();
        var id = int.Parse(last.Handle!.Split('#')[1].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
        var places = string.Join(' ', Enumerable.Range(id + 1, 3).Select(next => $"{spool}/{next % 10000}"));

        // A small disk where the files of the next submissions go.
        await Fixture.ExecAsync("root", "sh", "-c", $"for d in {places}; do mkdir -p $d && mount -t tmpfs -o size=64k,mode=755,uid=$(id -u condor),gid=$(id -g condor) tmpfs $d; done");
        var job = Job(Stay) with { Files = [new JobFile("large", new byte[2 << 20])] };
        try
        {
            var deferred = Assert.IsType<StartOutcome.Deferred>(Assert.Single(await backend.StartAsync([job], Cancellation)));
            Assert.Matches("^HTCondor did not take (it|its files): ", deferred.Reason);
        }
        finally
        {
            await Fixture.ExecAsync("root", "sh", "-c", $"for d in {places}; do umount -l $d; done");
        }

        await UntilAsync(async () => Assert.Single(await Create(PoolSettings.Token).StartAsync([job with { Attempt = 2 }], Cancellation)) is StartOutcome.Started, () => "the next try to succeed");
        await UntilStartedAsync(job);
        await UntilAsync(async () => (await QueueAsync($"JobStatus != 3 && DaskGatewayJob == \"{job.Name}\"", "JobStatus")).Split('\n').Length == 1, () => "the half-made job to be gone");
        Assert.Single(Lines(job.Name));
    }

    /// <summary>Submits until the schedd's child that takes a submission's files was killed: it lives for a second after the last of them, and a busy machine may sleep through that.</summary>
    private async Task<(List<JobStart> Jobs, IReadOnlyList<(JobStart Job, StartOutcome Outcome)> Outcomes)> KillTransferAsync(IJobBackend backend)
    {
        for (var round = 1; ; round++)
        {
            var jobs = Enumerable.Range(0, 3).Select(_ => Job(Stay, cluster: $"c{round}")).ToList();
            var killing = InPoolAsync("condor_schedd", "timeout 15 sh -c 'until pkill -9 -x -P \"$0\" condor_schedd; do :; done; echo killed' $(echo $all | tr ' ' ,)");
            var outcomes = await TryAsync(backend, jobs);
            if ((await killing).Contains("killed", StringComparison.Ordinal))
            {
                return (jobs, outcomes);
            }

            Assert.True(round < 10, "No child of the schedd was seen while it took the files of ten submissions.");
        }
    }

    // Another test may have killed them.
    private static Task UntilBothAnswerAsync(IJobBackend backend) => UntilAsync(
        async () =>
        {
            try
            {
                return (await backend.ListAsync(Cancellation)).UnreachableScopes.Count == 0;
            }
            catch (BackendUnavailableException)
            {
                return false;
            }
        },
        () => "both schedds to answer");

    private async Task<List<JobHandle>> StartAllAsync(IJobBackend backend, int count)
    {
        var jobs = Enumerable.Range(0, count).Select(_ => Job(Stay)).ToList();
        var outcomes = await backend.StartAsync(jobs, Cancellation);
        return [.. jobs.Zip(outcomes, (job, outcome) => new JobHandle(job.Name, Assert.IsType<StartOutcome.Started>(outcome).Handle))];
    }

    private static async Task<IReadOnlyList<(JobStart Job, StartOutcome Outcome)>> TryAsync(IJobBackend backend, List<JobStart> jobs)
    {
        try
        {
            return [.. jobs.Zip(await backend.StartAsync(jobs, Cancellation))];
        }
        catch (BackendUnavailableException)
        {
            return [];
        }
    }

    private static async Task<bool> ListAsync(IJobBackend backend, List<JobReport> jobs)
    {
        try
        {
            jobs.Clear();
            jobs.AddRange((await backend.ListAsync(Cancellation)).Jobs.Where(job => job.State != JobState.Ended));
            return true;
        }
        catch (BackendUnavailableException)
        {
            return false;
        }
    }

    private async Task EditAsync(JobStart job, string attribute, string value) =>
        Assert.Equal(0, (await Fixture.ExecAsync("root", "condor_qedit", "-constraint", $"DaskGatewayJob == \"{job.Name}\"", attribute, value)).ExitCode);

    private async Task SignalSecondAsync(string signal)
    {
        var output = await InPoolAsync("condor_schedd", $"for p in $all; do tr '\\0' '\\n' < /proc/$p/environ | grep -qx CONDOR_CONFIG=/etc/condor/second && kill -{signal} $p && echo sent; done");
        Assert.Contains("sent", output, StringComparison.Ordinal);
    }
}
