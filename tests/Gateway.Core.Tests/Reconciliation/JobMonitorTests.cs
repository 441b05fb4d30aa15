using Gateway.Core.Backends;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Tests.Reconciliation.Simulation;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class JobMonitorTests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly JobMonitor _monitor;

    public JobMonitorTests() => _monitor = _bench.Monitor();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Listing_StateChanged_IsRecordedAndToldOnceForAll()
    {
        await StartAsync("a-1", "a-2");
        foreach (var job in _bench.Farm.Living)
        {
            job.Run(7);
        }

        await RoundAsync();
        await RoundAsync();
        Assert.All(_bench.Store.Jobs.Values, j => Assert.Equal((JobState.Running, "10.0.0.7"), (j.State, j.Host)));
        Assert.Equal("2 workers' jobs run.", Assert.Single(_bench.Store.Events).Message);
    }

    [Fact]
    public async Task Stopped_WhileItTakesItsDuty_GivesItUpAfterwards()
    {
        var duties = new SlowDuties(_bench.Store);
        var monitor = _bench.Monitor(duties: duties);
        await monitor.StartAsync(Bench.Cancellation);
        await duties.Asked.WaitAsync(Bench.Cancellation);

        var stopping = monitor.StopAsync(Bench.Cancellation);
        duties.Answer();
        await stopping;

        Assert.True(await _bench.Store.TakeAsync("monitor:pool", "another", TimeSpan.FromMinutes(1), Bench.Cancellation));
    }

    [Fact]
    public async Task Listing_JobGone_HasEndedAsTheBackendDescribesIt()
    {
        await StartAsync("a-1", "a-2");
        Farm.End(_bench.Farm.Find("a-1")!, 137);
        Farm.End(_bench.Farm.Find("a-2")!, null);
        await RoundAsync();

        Assert.Equal((JobState.Ended, 137), (_bench.Store.Jobs["a-1"].State, _bench.Store.Jobs["a-1"].ExitCode));
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-2"].State);
        Assert.Contains("does not say why", _bench.Store.Jobs["a-2"].Reason);
    }

    [Fact]
    public async Task Listing_ScopeNotReached_ProvesNothing()
    {
        await StartAsync("a-1");
        Farm.End(_bench.Farm.Find("a-1")!, 1);
        _bench.Farm.Unreachable = [""];
        await RoundAsync();
        Assert.Equal(JobState.Pending, _bench.Store.Jobs["a-1"].State);

        _bench.Farm.Unreachable = ["elsewhere"];
        await RoundAsync();
        Assert.Equal(JobState.Pending, _bench.Store.Jobs["a-1"].State);

        _bench.Farm.Unreachable = [];
        await RoundAsync();
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
    }

    [Fact]
    public async Task Listing_StartNotRecordedYet_IsNoProofOfItsEnd()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.Deferrals = 1;
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        await RoundAsync();

        Assert.Equal(JobState.Pending, _bench.Store.Jobs["a-1"].State);
    }

    [Fact]
    public async Task Listing_BackendOut_IsBlindAndSaysSoToThePlanner()
    {
        await StartAsync("a-1");
        await RoundAsync();
        Assert.True(await SeesAsync());
        _bench.Farm.Out = true;
        for (int i = 0; i < 10; i++)
        {
            await RoundAsync();
        }

        Assert.False(await SeesAsync());
        Assert.Equal(JobState.Pending, _bench.Store.Jobs["a-1"].State);
    }

    [Fact]
    public async Task Listing_TwoJobsUnderOneName_TheLivingOneCounts()
    {
        await StartAsync("a-1");
        _bench.Farm.ShowsEnded = true;
        Farm.End(_bench.Farm.Find("a-1")!, 1);
        _bench.Farm.AddStray("a-1");
        _bench.Farm.Living.Single().Run(3);
        await RoundAsync();

        Assert.Equal(JobState.Running, _bench.Store.Jobs["a-1"].State);
    }

    [Fact]
    public async Task Listing_MoreJobsThanOneStatementReads_IsRecordedForAllOfThem()
    {
        await StartAsync([.. Enumerable.Range(0, 4500).Select(i => $"a-{i}")]);
        while (_bench.Store.Outbox.Any())
        {
            await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        }

        foreach (var job in _bench.Farm.Living)
        {
            job.Run(7);
        }

        int reads = 0, writes = 0;
        var counted = Interruption.During(_bench.Jobs, nameof(IJobStore.LiveJobsAsync), () => reads++);
        var monitor = _bench.Monitor(Interruption.During(counted, nameof(IJobStore.RecordJobsAsync), () => writes++));
        await monitor.RunOnceAsync(Bench.Cancellation);

        Assert.All(_bench.Store.Jobs.Values, j => Assert.Equal(JobState.Running, j.State));
        Assert.Equal((3, 3), (reads, writes));
    }

    [Fact]
    public async Task Hint_OfOneJob_ReadsThatJobsRowAlone()
    {
        await StartAsync("a-1", "a-2");
        int all = 0, named = 0;
        var counted = Interruption.During(_bench.Jobs, nameof(IJobStore.LiveJobsAsync), () => all++);
        var monitor = _bench.Monitor(Interruption.During(counted, nameof(IJobStore.LiveJobsByNameAsync), () => named++));
        _bench.Farm.Find("a-1")!.Run(7);
        _bench.Farm.Hints = [_bench.Farm.Find("a-1")!.Report()];
        await monitor.RunOnceAsync(Bench.Cancellation);
        Assert.Equal((1, 1), (all, named));

        Assert.Equal((JobState.Running, "10.0.0.7"), (_bench.Store.Jobs["a-1"].State, _bench.Store.Jobs["a-1"].Host));
        Assert.Equal(JobState.Pending, _bench.Store.Jobs["a-2"].State);
    }

    private async Task StartAsync(params string[] workers)
    {
        await _bench.AddClusterAsync("a", workers);
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
    }

    private async Task RoundAsync()
    {
        await _monitor.RunOnceAsync(Bench.Cancellation);
        _bench.Time.Advance(_bench.Farm.ListPeriod);
    }

    private async Task<bool> SeesAsync() => (await _bench.Store.SnapshotsAsync(["a"], Bench.Cancellation))["a"].SeeingSince.ContainsKey("pool");
}
