using System.Text;
using Gateway.Core.Backends;

namespace Gateway.Testing.Backends;

public abstract partial class BackendContract
{
    [Fact]
    public async Task Start_Script_RunsItOnceAndTellsHowItEnded()
    {
        var job = Job("echo $$ >> \"$W/$N\"; echo to-output; echo to-error >&2; exit 7");

        var handle = await StartAsync(job);
        var report = await WaitForEndAsync(handle);

        Assert.NotNull(report);
        Assert.Equal(7, report.ExitCode);
        Assert.Equal(job.Name, report.Name);
        Assert.Equal(job.Cluster, report.Cluster);
        Assert.Equal(job.Kind, report.Kind);
        Assert.Equal(handle.Handle, report.Handle);
        Assert.Single(Witnesses(job.Name));
        Assert.Equal("to-output\n", await ReadAllAsync(handle, JobOutput.Output));
        Assert.Contains("to-error\n", await ReadAllAsync(handle, JobOutput.Error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FilesAndEnvironment_AreThereAndPrivate()
    {
        var secret = Encoding.ASCII.GetBytes("s3cret");
        var job = Job("cat token && stat -c %a token && stat -c %a . && umask && echo \"$ODD\"", files: new JobFile("token", secret));
        var odd = "it's \"odd\" $HOME `x` \\ é";
        job = job with { Environment = new Dictionary<string, string>(job.Environment) { ["ODD"] = odd } };

        var handle = await StartAsync(job);
        await WaitForEndAsync(handle);

        var lines = (await ReadAllAsync(handle, JobOutput.Output)).Split('\n');
        Assert.Equal("s3cret600", lines[0]);
        Assert.Equal("700", lines[1]);
        Assert.Equal("077", lines[2][^3..]);
        Assert.Equal(odd, lines[3]);
    }

    [Fact]
    public async Task Start_NameThatRunsAlready_AdoptsIt()
    {
        var job = Job(Stay);
        var first = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        var second = await StartAsync(job with { Attempt = 2 });

        Assert.Equal(first.Handle, second.Handle);
        Assert.Single(Witnesses(job.Name));
    }

    [Fact]
    public async Task Start_SecondTryAfterRestart_AdoptsIt()
    {
        var job = Job(Stay);
        var first = await StartAsync(job);

        await RestartAsync();
        var second = await StartAsync(job with { Attempt = 2 });

        Assert.Equal(first.Handle, second.Handle);
        Assert.Single(await WaitForStartAsync(job.Name));
        Assert.Single((await Backend.ListAsync(Cancellation)).Jobs, report => report.Name == job.Name);
    }

    [Fact]
    public async Task Start_SecondTryThatNeverHappenedBefore_StartsIt()
    {
        var job = Job(Stay, attempt: 2);

        await StartAsync(job);

        Assert.Single(await WaitForStartAsync(job.Name));
    }

    [Fact]
    public async Task Start_ManyAtOnce_OutcomesAreInOrderAndEachRunsOnce()
    {
        var jobs = Enumerable.Range(0, 8).Select(_ => Job(Stay)).ToArray();

        var outcomes = await StartAllAsync(jobs);

        Assert.All(outcomes, outcome => Assert.IsType<StartOutcome.Started>(outcome));
        foreach (var job in jobs)
        {
            Assert.Single(await WaitForStartAsync(job.Name));
        }

        var listed = (await Backend.ListAsync(Cancellation)).Jobs.ToDictionary(report => report.Name);
        foreach (var (job, outcome) in jobs.Zip(outcomes))
        {
            Assert.Equal(((StartOutcome.Started)outcome).Handle, listed[job.Name].Handle);
        }
    }

    [Fact]
    public async Task List_RunningJob_TellsWhereItRuns()
    {
        var job = Job(Stay);
        var handle = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        await WaitAsync(async () => (await FindAsync(job.Name))?.State == JobState.Running, "the job to be shown as running");
        var listing = await Backend.ListAsync(Cancellation);

        var report = Assert.Single(listing.Jobs, report => report.Name == job.Name);
        Assert.Equal(handle.Handle, report.Handle);
        Assert.False(string.IsNullOrEmpty(report.Host));
        Assert.True(listing.Reached(report.Scope));
        Assert.Null(report.ExitCode);
    }

    [Fact]
    public async Task List_AfterRestart_StillKnowsTheJobAndHowItEnds()
    {
        var job = Job("echo $$ >> \"$W/$N\"; until [ -e \"$W/$N.go\" ]; do sleep 0.05; done; exit 3");
        var handle = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        await RestartAsync();
        await WaitAsync(async () => (await FindAsync(job.Name))?.State == JobState.Running, "the job to be found again");
        await File.WriteAllTextAsync(Path.Combine(WitnessFolder, job.Name + ".go"), "", Cancellation);
        var report = await WaitForEndAsync(handle);

        Assert.Equal(3, report?.ExitCode);
    }

    [Fact]
    public async Task List_JobKilledFromOutside_IsOverWithASignal()
    {
        var job = Job(Stay);
        var handle = await StartAsync(job);
        var pid = Assert.Single(await WaitForStartAsync(job.Name));

        await KillProcessAsync(pid);
        var report = await WaitForEndAsync(handle);

        Assert.Equal(128 + 9, report?.ExitCode);
    }

    [Fact]
    public async Task Stop_RunningJob_EndsItAndIsThenGone()
    {
        var job = Job(Stay);
        var handle = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        Assert.Single(await Backend.StopAsync([handle], Cancellation));
        await WaitForEndAsync(handle);

        await WaitAsync(async () => (await Backend.StopAsync([handle], Cancellation)).Single() == StopOutcome.Gone, "the stop to be complete");
    }

    [Fact]
    public async Task Stop_ByNameAlone_EndsIt()
    {
        var job = Job(Stay);
        var handle = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        await RestartAsync();
        await Backend.StopAsync([new JobHandle(job.Name, null)], Cancellation);

        await WaitForEndAsync(handle);
        Assert.Single(Witnesses(job.Name));
    }

    [Fact]
    public async Task Stop_UnknownJobs_AreGone()
    {
        var name = Guid.NewGuid().ToString("N");
        var other = Job(Stay);
        var handle = await StartAsync(other);

        var outcomes = await Backend.StopAsync([new JobHandle(name, null), handle, new JobHandle(name, handle.Handle)], Cancellation);

        Assert.Equal(3, outcomes.Count);
        Assert.Equal(StopOutcome.Gone, outcomes[0]);
        Assert.Equal(StopOutcome.Gone, outcomes[2]);
    }

    [Fact]
    public async Task Describe_UnknownJob_IsLeftOut()
    {
        Assert.Empty(await Backend.DescribeAsync([new JobHandle(Guid.NewGuid().ToString("N"), null)], Cancellation));
    }

    [Fact]
    public async Task ReadLog_OffsetsAndBounds_AreKept()
    {
        var handle = await StartAsync(Job("echo $$ >> \"$W/$N\"; printf 0123456789"));
        await WaitForEndAsync(handle);

        var middle = await Backend.ReadLogAsync(handle, JobOutput.Output, 2, 3, Cancellation);
        var tail = await Backend.ReadLogAsync(handle, JobOutput.Output, -4, 100, Cancellation);
        var all = await Backend.ReadLogAsync(handle, JobOutput.Output, -1000, 100, Cancellation);
        var beyond = await Backend.ReadLogAsync(handle, JobOutput.Output, 10, 100, Cancellation);

        Assert.Equal("234", Encoding.ASCII.GetString(middle!.Bytes.Span));
        Assert.Equal(5, middle.NextOffset);
        Assert.Equal("6789", Encoding.ASCII.GetString(tail!.Bytes.Span));
        Assert.Equal(10, tail.NextOffset);
        Assert.Equal("0123456789", Encoding.ASCII.GetString(all!.Bytes.Span));
        Assert.Equal(0, beyond?.Bytes.Length ?? 0);
        Assert.Null(await Backend.ReadLogAsync(new JobHandle(Guid.NewGuid().ToString("N"), null), JobOutput.Output, 0, 100, Cancellation));
    }

    [Fact]
    public async Task Clean_EndedJob_LeavesNothingAndMayBeRepeated()
    {
        var handle = await StartAsync(Job("echo out", files: new JobFile("token", new byte[] { 1 })));
        await WaitForEndAsync(handle);

        await Backend.CleanAsync([handle], Cancellation);
        await Backend.CleanAsync([handle, new JobHandle(Guid.NewGuid().ToString("N"), null)], Cancellation);

        Assert.Null(await Backend.ReadLogAsync(handle, JobOutput.Output, 0, 100, Cancellation));
        Assert.DoesNotContain((await Backend.ListAsync(Cancellation)).Jobs, job => job.Name == handle.Name);
    }

    [Fact]
    public async Task CheckAddress_SomebodyElses_IsNeverYes()
    {
        var job = Job(Stay);
        var handle = await StartAsync(job);
        await WaitForStartAsync(job.Name);

        Assert.NotEqual(AddressVerdict.Yes, await Backend.CheckAddressAsync(handle, "192.0.2.1", [8786], Cancellation));
        Assert.NotEqual(AddressVerdict.Yes, await Backend.CheckAddressAsync(new JobHandle(Guid.NewGuid().ToString("N"), null), "127.0.0.1", [8786], Cancellation));
    }

    [Fact]
    public async Task Watch_Cancelled_Ends()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var watch = Task.Run(
            async () =>
            {
                await foreach (var reports in Backend.WatchAsync(stop.Token))
                {
                    Assert.NotEmpty(reports);
                }
            },
            Cancellation);

        await stop.CancelAsync();

        // Either way of ending is right for an enumerator that is told to.
        await Task.WhenAny(watch).WaitAsync(Patience, TimeProvider.System, Cancellation);
        Assert.False(watch.IsFaulted, watch.Exception?.Message);
    }
}
