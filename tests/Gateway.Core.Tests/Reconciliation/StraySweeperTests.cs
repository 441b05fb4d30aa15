using Gateway.Core.Events;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Tests.Reconciliation.Simulation;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class StraySweeperTests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly StraySweeper _sweeper;

    public StraySweeperTests() => _sweeper = _bench.Sweeper();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Sweep_JobThatNoRowKnows_IsRemovedAfterTheGraceOnly()
    {
        _bench.Farm.AddStray("stray");
        await SweepAsync();
        await SweepAsync(after: 119);
        Assert.Single(_bench.Farm.Living);

        await SweepAsync(after: 1);
        Assert.Empty(_bench.Farm.Living);
        Assert.Equal(EventKinds.StrayRemoved, Assert.Single(_bench.Store.Events).Kind);
    }

    [Fact]
    public async Task Sweep_JobWhoseStartIsStillInTheOutbox_IsLeftAlone()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.LostAnswers = 1;
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        await SweepAsync();
        await SweepAsync(after: 1000);

        Assert.Equal("a-1", Assert.Single(_bench.Farm.Living).Name);
        Assert.Empty(_bench.Farm.StopCalls);
    }

    [Fact]
    public async Task Sweep_TwinOfAKnownJob_IsRemovedAfterTheGraceAndTheRecordedOneStays()
    {
        await _bench.AddClusterAsync("a", "a-1");
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        _bench.Farm.AddStray("a-1");
        await SweepAsync();
        await SweepAsync(after: 119);
        Assert.Equal(2, _bench.Farm.Living.Count());

        await SweepAsync(after: 1);
        Assert.Equal(_bench.Store.Jobs["a-1"].Handle, Assert.Single(_bench.Farm.Living).Handle);
    }

    [Fact]
    public async Task Sweep_KnownJobUnderAnotherHandleAlone_IsLeftAlone()
    {
        await _bench.AddClusterAsync("a", "a-1");
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        Farm.End(_bench.Farm.Find("a-1")!, 0);
        _bench.Farm.AddStray("a-1");
        await SweepAsync();
        await SweepAsync(after: 1000);

        Assert.Single(_bench.Farm.Living);
        Assert.Empty(_bench.Farm.StopCalls);
    }

    [Fact]
    public async Task Sweep_RowsVouchForTheirJobs_OnlyOthersAreAskedFor()
    {
        await _bench.AddClusterAsync("a", [.. Enumerable.Range(0, 50).Select(i => $"a-{i}")]);
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        int asked = 0;
        var sweeper = _bench.Sweeper(Interruption.During(_bench.Jobs, nameof(IJobStore.KnownJobsAsync), () => asked++));
        var (rows, _) = await _bench.Store.LiveJobsAsync("pool", null, null, int.MaxValue, Bench.Cancellation);
        await sweeper.SweepAsync(_bench.Instance, await _bench.Farm.ListAsync(Bench.Cancellation), rows.ToDictionary(r => r.Name), Bench.Cancellation);
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Sweep_SlowToEnd_IsAskedAndToldOfOncePerGrace()
    {
        _bench.Farm.AddStray("stray");
        _bench.Farm.Slow = true;
        await SweepAsync();
        for (int i = 0; i < 25; i++)
        {
            await SweepAsync(after: 10);
        }

        Assert.Equal([1, 1], _bench.Farm.StopCalls);
        Assert.Equal(2, _bench.Store.Events.Count);
    }

    [Theory]
    [InlineData(10, 0, false, 0)]
    [InlineData(11, 0, false, 11)]
    [InlineData(11, 11, false, 0)]
    [InlineData(12, 11, false, 12)]
    [InlineData(12, 11, true, 0)]
    public async Task Sweep_LargeShareAtOnce_NeedsAnOperatorsWord(int strays, int others, bool word, int left)
    {
        _bench.Settings.RemoveAllStrays = word;
        await _bench.AddClusterAsync("a", [.. Enumerable.Range(0, others).Select(i => $"a-{i}")]);
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        for (int i = 0; i < strays; i++)
        {
            _bench.Farm.AddStray($"stray{i}");
        }

        await SweepAsync();
        await SweepAsync(after: 121);

        Assert.Equal(left, _bench.Farm.Living.Count(j => j.Name.StartsWith("stray", StringComparison.Ordinal)));
        Assert.Equal(others, _bench.Farm.Living.Count(j => j.Cluster == "a"));
    }

    private async Task SweepAsync(double after = 0)
    {
        _bench.Time.Advance(TimeSpan.FromSeconds(after));
        var (rows, _) = await _bench.Store.LiveJobsAsync("pool", null, null, int.MaxValue, Bench.Cancellation);
        await _sweeper.SweepAsync(_bench.Instance, await _bench.Farm.ListAsync(Bench.Cancellation), rows.ToDictionary(r => r.Name), Bench.Cancellation);
    }
}
