using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteJobTests(SharedSqlite shared) : JobTests(shared.TakeAsync);

public sealed class PostgresJobTests(SharedPostgres server) : JobTests(server.TakeAsync);

public abstract class JobTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Record_ChangedState_IsKeptWithTheStoresTimeAndWakesItsCluster()
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c1", "w1", "w2");
        await Database.AgeAsync(TimeSpan.FromMinutes(5), Token);
        var before = await Store.Gateway.PingAsync(Token);
        var (c1, c2) = (await WakeOfAsync("c1"), await WakeOfAsync("c2"));
        await Store.Jobs.RecordJobsAsync(
            [Seen("w1", JobState.Running) with { Host = "h7" }, Seen("w2", JobState.Pending), Seen("w9", JobState.Running)],
            [new ClusterEvent { Cluster = "c1", Worker = "w1", Kind = EventKinds.JobChanged, Message = "It runs." }], Token);

        var jobs = (await SnapshotAsync("c1")).Jobs;
        Assert.Equal((JobState.Running, "h7"), (jobs["w1"].State, jobs["w1"].Host!));
        Assert.True(jobs["w1"].StateSince >= before && jobs["w2"].StateSince < before && jobs["w1"].StartedAt < before);
        Assert.Equal((c1 + 1, c2), (await WakeOfAsync("c1"), await WakeOfAsync("c2")));
        Assert.Equal("It runs.", (await Store.Clusters.EventsAsync("c1", 0, 10, Token))[^1].Message);
        Assert.Null(await Store.Clusters.JobAsync("w9", Token));
    }

    [Fact]
    public async Task Record_NothingNew_WakesNobody()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        long wake = await WakeOfAsync("c1");
        await Store.Jobs.RecordJobsAsync([Seen("w1", JobState.Pending)], [], Token);
        await Store.Jobs.RecordJobsAsync([], [], Token);

        Assert.Equal(wake, await WakeOfAsync("c1"));
    }

    [Fact]
    public async Task Record_NewReasonInTheSameState_WakesAndKeepsSince()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        var since = (await Store.Clusters.JobAsync("w1", Token))!.StateSince;
        long wake = await WakeOfAsync("c1");
        await Store.Jobs.RecordJobsAsync([Seen("w1", JobState.Pending) with { Reason = "No machine matches." }], [], Token);

        var job = (await Store.Clusters.JobAsync("w1", Token))!;
        Assert.Equal(("No machine matches.", since), (job.Reason!, job.StateSince));
        Assert.Equal(wake + 1, await WakeOfAsync("c1"));
    }

    [Fact]
    public async Task Record_StateOfANewerVersion_IsLeftAlone()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1", "w2");
        await Database.ExecuteAsync("UPDATE jobs SET state = 'Suspended' WHERE name = 'w1'", Token);
        await Store.Jobs.RecordJobsAsync([Seen("w1", JobState.Running), Seen("w2", JobState.Running)], [], Token);

        Assert.Equal("Suspended", await Database.ReadAsync("SELECT state FROM jobs WHERE name = 'w1'", Token));
        Assert.Equal("w2", Assert.Single((await Store.Jobs.LiveJobsAsync("farm", null, null, 10, Token)).Jobs).Name);
    }

    [Fact]
    public async Task LiveJobs_OfABackendAndNode_AreThoseThatHaveNotEnded()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1", "w2", "w3");
        await Database.ExecuteAsync("UPDATE jobs SET node = 'n1' WHERE name = 'w1'", Token);
        await Database.ExecuteAsync("UPDATE jobs SET node = 'n2' WHERE name = 'w2'", Token);
        await Store.Jobs.RecordJobsAsync([Seen("w3", JobState.Ended)], [], Token);

        Assert.Equal(["w1", "w2"], (await Store.Jobs.LiveJobsAsync("farm", null, null, 10, Token)).Jobs.Select(j => j.Name));
        Assert.Equal(["w1"], (await Store.Jobs.LiveJobsAsync("farm", "n1", null, 10, Token)).Jobs.Select(j => j.Name));
        Assert.Empty((await Store.Jobs.LiveJobsAsync("local", null, null, 10, Token)).Jobs);
        Assert.Equal(["w2"], (await Store.Jobs.LiveJobsByNameAsync("farm", null, ["w2", "w3", "x"], Token)).Select(j => j.Name));
        Assert.Empty(await Store.Jobs.LiveJobsByNameAsync("farm", "n1", ["w2"], Token));
        Assert.Empty(await Store.Jobs.LiveJobsByNameAsync("local", null, ["w1"], Token));
    }

    [Fact]
    public async Task LiveJobs_InParts_AreAllOfThemOnceAlsoAcrossRowsOfANewerVersion()
    {
        await CreateAsync("c1");
        string[] names = [.. Enumerable.Range(0, 7).Select(i => $"w{i}")];
        await StartWorkersAsync("c1", names);
        await Database.ExecuteAsync("UPDATE jobs SET state = 'Suspended' WHERE name IN ('w1', 'w3')", Token);
        var read = new List<Job>();
        string? after = null;
        int parts = 0;
        do
        {
            (var jobs, after) = await Store.Jobs.LiveJobsAsync("farm", null, after, 2, Token);
            Assert.InRange(jobs.Count, 0, 2);
            read.AddRange(jobs);
            parts++;
        }
        while (after is not null);

        Assert.Equal(["w0", "w2", "w4", "w5", "w6"], read.Select(j => j.Name));
        Assert.Equal(4, parts);
        Assert.All(read, j => Assert.Equal(("c1", "farm"), (j.Cluster, j.Backend)));
    }

    [Fact]
    public async Task KnownJobs_AreLiveWorkersLiveClustersAndStartsToCome()
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c1", "w1", "w2");
        await WakeAsync("c1");
        await PlanAsync("c1", (_, save) => save with
        {
            ChangedWorkers = [NewWorker("w1", "c1") with { Phase = WorkerPhase.Stopped }],
            Outbox = [Entry(OutboxAction.Start, "w8", "c1"), Entry(OutboxAction.Stop, "w9", "c1")],
        });
        await MoveAsync("c2", ClusterPhase.Failed);

        var known = await Store.Jobs.KnownJobsAsync(["c1", "c2", "w1", "w2", "w8", "w9", "x"], Token);
        Assert.Equal(["c1", "w2", "w8"], known.Keys.Order());
        Assert.NotNull(known["w2"]);
        Assert.Null(known["w8"]);
    }

    [Fact]
    public async Task UncleanJobs_AreThoseThatEndedLongEnoughAgoUntilMarked()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1", "w2", "w3");
        await Store.Jobs.RecordJobsAsync([Seen("w1", JobState.Ended), Seen("w2", JobState.Ended)], [], Token);
        await Database.AgeAsync(TimeSpan.FromMinutes(10), Token);
        await Store.Jobs.RecordJobsAsync([Seen("w3", JobState.Ended)], [], Token);

        Assert.Equal(["w1", "w2"], await UncleanAsync());
        Assert.Single(await Store.Jobs.UncleanJobsAsync("farm", null, TimeSpan.FromMinutes(5), 1, Token));
        await Store.Jobs.MarkCleanAsync(["w1", "unknown"], Token);
        await Store.Jobs.MarkCleanAsync([], Token);
        Assert.Equal(["w2"], await UncleanAsync());
    }

    [Fact]
    public async Task RemoveEnded_OldOnes_LeaveNothingBehindAndYoungOnesStay()
    {
        await CreateAsync("old1", "old2", "live");
        await StartWorkersAsync("old1", "w1");
        await StartWorkersAsync("live", "w2");
        await WakeAsync("old1");
        await Store.Jobs.PulseAsync("a", "1", Lease, Token);
        await Store.Jobs.RecordClientsAsync("a", new Dictionary<string, int> { ["old1"] = 1, ["live"] = 1 }, Token);
        await MoveAsync("old1", ClusterPhase.Stopped);
        await MoveAsync("old2", ClusterPhase.Failed);
        await Database.AgeAsync(TimeSpan.FromHours(2), Token);
        await CreateAsync("young");
        await MoveAsync("young", ClusterPhase.Stopped);

        Assert.Single(await Store.Jobs.RemoveEndedAsync(TimeSpan.FromHours(1), 1, Token));
        Assert.Single(await Store.Jobs.RemoveEndedAsync(TimeSpan.FromHours(1), 5, Token));
        Assert.Empty(await Store.Jobs.RemoveEndedAsync(TimeSpan.FromHours(1), 5, Token));
        foreach (string table in new[] { "events", "workers", "jobs", "outbox", "client_counts", "credentials", "cluster_inbox" })
        {
            Assert.Equal("0", await Database.ReadAsync($"SELECT count(*) FROM {table} WHERE cluster IN ('old1', 'old2')", Token));
        }

        Assert.Null(await Store.Clusters.FindAsync("old1", Token));
        Assert.NotNull(await Store.Clusters.FindAsync("young", Token));
        Assert.Equal(["w2"], (await SnapshotAsync("live")).Jobs.Keys);
        Assert.NotEmpty(await Store.Clusters.EventsAsync("live", 0, 10, Token));
    }

    [Fact]
    public async Task RemoveEnded_LongHistory_GoesInPieces()
    {
        await CreateAsync("c1");
        await Store.Clusters.AppendEventsAsync([.. Enumerable.Range(0, 11_000).Select(i => new ClusterEvent { Cluster = "c1", Kind = "k", Message = $"{i}" })], Token);
        await MoveAsync("c1", ClusterPhase.Stopped);
        await Database.AgeAsync(TimeSpan.FromHours(2), Token);

        Assert.Equal(["c1"], await Store.Jobs.RemoveEndedAsync(TimeSpan.FromHours(1), 5, Token));
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM events", Token));
    }

    private static Job Seen(string worker, JobState state) => JobOf(Entry(OutboxAction.Start, worker, "c1"), state);

    private Task WakeAsync(string cluster) => Database.ExecuteAsync($"UPDATE cluster_inbox SET due_at = 0 WHERE cluster = '{cluster}'", Token);

    private async Task<long> WakeOfAsync(string cluster) => long.Parse((await Database.ReadAsync($"SELECT wake FROM cluster_inbox WHERE cluster = '{cluster}'", Token))!);

    private async Task<IEnumerable<string>> UncleanAsync() =>
        (await Store.Jobs.UncleanJobsAsync("farm", null, TimeSpan.FromMinutes(5), 10, Token)).Select(j => j.Name).Order();
}
