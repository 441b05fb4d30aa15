using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteHeartbeatTests(SharedSqlite shared) : HeartbeatTests(shared.TakeAsync);

public sealed class PostgresHeartbeatTests(SharedPostgres server) : HeartbeatTests(server.TakeAsync);

public abstract class HeartbeatTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    private static readonly Heartbeat First = new()
    {
        SchedulerAddress = "tls://10.0.0.1:8786",
        DashboardAddress = "http://10.0.0.1:8787",
        ApiAddress = "http://10.0.0.1:8788",
        Count = 3,
        Active = ["w1", "w\"2"],
        Incarnation = "one",
        Sequence = 5,
    };

    [Fact]
    public async Task Record_NewHeartbeat_IsKeptWholeAndWakes()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await RecordAsync(First with { IdleSeconds = 12.5, Closed = ["w0"] }, 1);

        var inbox = (await SnapshotAsync("c1")).Inbox;
        Assert.Equivalent(First with { IdleSeconds = 12.5, Closed = ["w0"] }, inbox.Heartbeat, strict: true);
        Assert.InRange(inbox.HeartbeatAt!.Value, (await Store.Gateway.PingAsync(Token)).AddMinutes(-1), await Store.Gateway.PingAsync(Token));
        Assert.Equal(1, await WakesSinceAsync(claim));
    }

    [Fact]
    public async Task Record_SameHash_RefreshesTimeSequenceAndIdlenessWithoutAWake()
    {
        await CreateAsync("c1");
        await RecordAsync(First, long.MinValue);
        await Database.AgeAsync(TimeSpan.FromMinutes(3), Token);
        var old = (await SnapshotAsync("c1")).Inbox.HeartbeatAt;
        var claim = await ClaimAsync("c1");
        await RecordAsync(First with { Sequence = 9, IdleSeconds = 7, Count = 99 }, long.MinValue);

        var inbox = (await SnapshotAsync("c1")).Inbox;
        Assert.True(inbox.HeartbeatAt > old!.Value.AddMinutes(2));
        Assert.Equal((9L, 7d, 3), (inbox.Heartbeat!.Sequence!.Value, inbox.Heartbeat.IdleSeconds!.Value, inbox.Heartbeat.Count));
        Assert.Equal(0, await WakesSinceAsync(claim));
    }

    [Theory]
    [InlineData("one", 4L, 3)]
    [InlineData("one", 5L, 4)]
    [InlineData("one", 6L, 4)]
    [InlineData("two", 1L, 4)]
    [InlineData(null, null, 4)]
    public async Task Record_AfterSequenceFive_KeepsTheNewer(string? incarnation, long? sequence, int expected)
    {
        await CreateAsync("c1");
        await RecordAsync(First, 1);
        var claim = await ClaimAsync("c1");
        await RecordAsync(First with { Incarnation = incarnation, Sequence = sequence, Count = 4 }, 2);

        Assert.Equal(expected, (await SnapshotAsync("c1")).Inbox.Heartbeat!.Count);
        Assert.Equal(expected == 4 ? 1 : 0, await WakesSinceAsync(claim));
    }

    [Fact]
    public async Task Record_SeveralOfOneClusterInABatch_KeepsTheLastThatIsNotOlder()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await Store.Clusters.RecordHeartbeatsAsync(
            [new("c1", First, 1), new("c1", First with { Sequence = 7, Count = 7 }, 7), new("c1", First with { Sequence = 6, Count = 6 }, 6)], Token);

        Assert.Equal(7, (await SnapshotAsync("c1")).Inbox.Heartbeat!.Count);
        Assert.Equal(1, await WakesSinceAsync(claim));
    }

    [Fact]
    public async Task Record_ClosingNames_MarkTheClustersOwnJobsEvenWhenAnotherHeartbeatFollows()
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c1", "w1", "w2", "w3");
        await StartWorkersAsync("c2", "x1");
        await Store.Clusters.RecordHeartbeatsAsync(
            [new("c1", First with { Closing = ["w1", "x1"] }, 1), new("c1", First with { Sequence = 6 }, 2), new("c1", First with { Sequence = 1, Closing = ["w2"] }, 3)], Token);

        var jobs = (await SnapshotAsync("c1")).Jobs;
        Assert.Equal((true, true, false), (jobs["w1"].CloseExpected, jobs["w2"].CloseExpected, jobs["w3"].CloseExpected));
        Assert.False((await SnapshotAsync("c2")).Jobs["x1"].CloseExpected);
        Assert.Empty((await SnapshotAsync("c1")).Inbox.Heartbeat!.Closing);
    }

    [Fact]
    public async Task Record_WithAVerdict_StoresItWithTheJobAndTouchesNothingElseOfIt()
    {
        await CreateAsync("c1", "c2");
        foreach (string name in (string[])["c1", "c2"])
        {
            Assert.Equal(SaveOutcome.Saved, await PlanAsync(name, (_, save) => save with { Outbox = [Entry(OutboxAction.Start, name, name)] }));
        }

        var starts = await ClaimOutboxAsync("local");
        await Store.Jobs.FinishOutboxAsync([.. starts.Select(s => Done(s, JobOf(s)))], Token);
        var read = (await Store.Clusters.JobAsync("c1", Token))!;
        await Store.Jobs.RecordJobsAsync([.. starts.Select(s => JobOf(s, s.Job == "c1" ? JobState.Running : JobState.Ended))], [], Token);

        await Store.Clusters.RecordHeartbeatsAsync([.. starts.Select(s => new ReceivedHeartbeat(s.Cluster, First, 1, read with { Name = s.Job, CheckedAddress = "10.0.0.1 8786", AddressVerdict = AddressVerdict.Yes }))], Token);

        var job = (await SnapshotAsync("c1")).Jobs["c1"];
        Assert.Equal((JobState.Running, "10.0.0.1 8786", AddressVerdict.Yes), (job.State, job.CheckedAddress!, job.AddressVerdict!.Value));
        Assert.Null((await Store.Clusters.JobAsync("c2", Token))!.AddressVerdict);
    }

    [Fact]
    public async Task Record_SomeNewAndSomeTheSame_WakesTheNewAlone()
    {
        string[] names = ["c1", "c2", "c3"];
        await CreateAsync(names);
        await Store.Clusters.RecordHeartbeatsAsync([.. names.Select(n => new ReceivedHeartbeat(n, First, 1))], Token);
        var claims = (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims.ToDictionary(c => c.Cluster);
        await Store.Clusters.RecordHeartbeatsAsync([.. names.Select(n => new ReceivedHeartbeat(n, First with { Sequence = 6, Count = n == "c2" ? 9 : 3 }, n == "c2" ? 2 : 1))], Token);

        foreach (string name in names)
        {
            var beat = (await SnapshotAsync(name)).Inbox.Heartbeat!;
            Assert.Equal((6L, name == "c2" ? 9 : 3), (beat.Sequence!.Value, beat.Count));
            Assert.Equal(name == "c2" ? 1 : 0, await WakesSinceAsync(claims[name]));
        }
    }

    [Fact]
    public async Task Record_SameHashButOlder_ChangesNothing()
    {
        await CreateAsync("c1");
        await RecordAsync(First with { IdleSeconds = 1 }, 1);
        await RecordAsync(First with { Sequence = 4, IdleSeconds = 9 }, 1);

        var beat = (await SnapshotAsync("c1")).Inbox.Heartbeat!;
        Assert.Equal((5L, 1d), (beat.Sequence!.Value, beat.IdleSeconds!.Value));
    }

    [Fact]
    public async Task Record_EndedAndUnknownClusters_AreIgnoredBesideOthers()
    {
        await CreateAsync("c1", "c2");
        await MoveAsync("c1", ClusterPhase.Stopped);
        await Store.Clusters.RecordHeartbeatsAsync([new("c1", First, 1), new("nobody", First, 1), new("c2", First, 1)], Token);

        Assert.Null((await SnapshotAsync("c1")).Inbox.Heartbeat);
        Assert.NotNull((await SnapshotAsync("c2")).Inbox.Heartbeat);
        Assert.Equal(["c2"], (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims.Select(c => c.Cluster));
    }

    [Fact]
    public async Task Record_WhileLeased_DoesNotMakeTheClusterClaimable()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await RecordAsync(First, 1);

        Assert.Empty((await Store.Reconcile.ClaimAsync("b", 10, Lease, Token)).Claims);
        var (now, due) = await Store.Reconcile.NextDueAsync(Token);
        Assert.InRange(due!.Value - now, TimeSpan.FromSeconds(1), Lease);
        Assert.Equal(1, await WakesSinceAsync(claim));
    }

    [Fact]
    public async Task Record_ManyFromTwoReplicasAtOnce_LosesNone()
    {
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"c{i:00}")];
        await CreateAsync(names);
        var second = await Database.SecondAsync(Token);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(round => (round % 2 == 0 ? Store : second).Clusters.RecordHeartbeatsAsync(
            [.. (round % 3 == 0 ? names : names.Reverse()).Select(n => new ReceivedHeartbeat(n, First with { Sequence = round, Count = round }, round))], Token)));

        foreach (string name in names)
        {
            Assert.Equal(9, (await SnapshotAsync(name)).Inbox.Heartbeat!.Sequence);
        }
    }

    private Task RecordAsync(Heartbeat heartbeat, long hash) => Store.Clusters.RecordHeartbeatsAsync([new ReceivedHeartbeat("c1", heartbeat, hash)], Token);

    private async Task<long> WakesSinceAsync(Claim claim) =>
        long.Parse((await Database.ReadAsync($"SELECT wake FROM cluster_inbox WHERE cluster = '{claim.Cluster}'", Token))!) - claim.Wake;
}
