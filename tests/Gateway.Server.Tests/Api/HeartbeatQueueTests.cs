using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Server.Api.Heartbeats;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Server.Tests.Api;

public sealed class HeartbeatQueueTests
{
    private readonly FakeStore _store = new(new());
    private readonly TaskCompletionSource _release = new();
    private readonly HeartbeatQueue _queue;

    public HeartbeatQueueTests() => _queue = new(_store, new HearingLoss(), NullLogger<HeartbeatQueue>.Instance);

    [Fact]
    public async Task Store_TwoOfOneCluster_TheLaterCountsAndClosingNamesAreKept()
    {
        var tasks = await BehindAnotherAsync(() => [StoreAsync("c", Beat(1, closing: "w1")), StoreAsync("c", Beat(2, closing: "w2")), StoreAsync("c", Beat(3))]);
        await Task.WhenAll(tasks);

        var beat = Assert.Single(_store.Beats.Last());
        Assert.Equal(3, beat.Heartbeat.Count);
        Assert.Equal(["w1", "w2"], beat.Heartbeat.Closing.Order());
        Assert.Equal(HeartbeatHash.Of(beat.Heartbeat), beat.Hash);
    }

    [Fact]
    public async Task Store_OlderOneArrivesLater_DoesNotCount()
    {
        var tasks = await BehindAnotherAsync(() =>
        [
            StoreAsync("c", Beat(2) with { Incarnation = "i", Sequence = 2 }),
            StoreAsync("c", Beat(1, closing: "w1") with { Incarnation = "i", Sequence = 1 }),
        ]);
        await Task.WhenAll(tasks);

        var beat = Assert.Single(_store.Beats.Last()).Heartbeat;
        Assert.Equal((2, 2L), (beat.Count, beat.Sequence));
        Assert.Equal(["w1"], beat.Closing);
    }

    [Fact]
    public async Task Store_VerdictOfTheEarlier_IsKept()
    {
        var job = new Job { Name = "c", Cluster = "c", Kind = JobKind.Scheduler, Backend = "local", CheckedAddress = "h 1 3", AddressVerdict = AddressVerdict.Yes };
        var tasks = await BehindAnotherAsync(() => [StoreAsync("c", Beat(1), job), StoreAsync("c", Beat(2))]);
        await Task.WhenAll(tasks);

        var beat = Assert.Single(_store.Beats.Last());
        Assert.Equal((2, job), (beat.Heartbeat.Count, beat.Checked));
    }

    [Fact]
    public async Task Store_OneThatCannotBeStored_FailsAlone()
    {
        var tasks = await BehindAnotherAsync(
            () => [StoreAsync("good", Beat(1)), StoreAsync("bad", Beat(1)), StoreAsync("fine", Beat(1))],
            beats => beats.Any(beat => beat.Cluster == "bad") ? throw new InvalidOperationException("No.") : Task.CompletedTask);

        await tasks[0];
        await Assert.ThrowsAsync<InvalidOperationException>(() => tasks[1]);
        await tasks[2];
    }

    [Fact]
    public async Task Store_DatabaseAway_FailsAllAndGoesOnLater()
    {
        var isAway = true;
        var tasks = await BehindAnotherAsync(
            () => [StoreAsync("a", Beat(1)), StoreAsync("b", Beat(1))],
            _ => isAway ? throw new StoreUnavailableException("Away.") : Task.CompletedTask);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => tasks[0]);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => tasks[1]);
        isAway = false;
        await StoreAsync("a", Beat(2));
    }

    [Fact]
    public async Task Store_MoreThanABatch_IsStoredInSeveral()
    {
        var tasks = await BehindAnotherAsync(() => [.. Enumerable.Range(0, 600).Select(i => StoreAsync($"c{i}", Beat(i)))]);
        await Task.WhenAll(tasks);
        Assert.Equal([1, 256, 256, 88], _store.Beats.Select(batch => batch.Count));
    }

    [Fact]
    public async Task Store_FromManyThreads_LosesNone()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await StoreAsync($"c{thread}", Beat(i));
            }
        })));

        var last = _store.Beats.SelectMany(batch => batch).GroupBy(beat => beat.Cluster).ToDictionary(group => group.Key, group => (group.Count(), group.Last().Heartbeat.Count));
        Assert.Equal(20, last.Count);
        Assert.All(last.Values, value => Assert.Equal((200, 199), value));
    }

    // While the first is being stored, all that come meanwhile gather.
    private async Task<IReadOnlyList<Task>> BehindAnotherAsync(Func<IReadOnlyList<Task>> send, Func<IReadOnlyList<ReceivedHeartbeat>, Task>? store = null)
    {
        var storing = new TaskCompletionSource();
        _store.OnBeats = async beats =>
        {
            storing.TrySetResult();
            await _release.Task;
            await (store?.Invoke(beats) ?? Task.CompletedTask);
        };
        var first = StoreAsync("first", Beat(0));
        await storing.Task.WaitAsync(TestContext.Current.CancellationToken);
        var tasks = send();
        _release.SetResult();
        await first.ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        return tasks;
    }

    private Task StoreAsync(string cluster, Heartbeat heartbeat, Job? checkedJob = null) => _queue.StoreAsync(new(cluster, heartbeat, HeartbeatHash.Of(heartbeat), checkedJob));

    private static Heartbeat Beat(int count, params string[] closing) => new() { SchedulerAddress = "tls://h:1", ApiAddress = "http://h:3", Count = count, Closing = closing };
}
