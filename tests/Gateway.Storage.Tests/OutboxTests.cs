using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteOutboxTests(SharedSqlite shared) : OutboxTests(shared.TakeAsync);

public sealed class PostgresOutboxTests(SharedPostgres server) : OutboxTests(server.TakeAsync);

public abstract class OutboxTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Claim_TwoReplicasAtOnce_ShareTheEntriesOfTheirBackendWithoutOverlap()
    {
        string[] workers = [.. Enumerable.Range(0, 40).Select(i => $"w{i:00}")];
        await CreateAsync("c1");
        await SaveAsync([.. workers.Select(w => Entry(OutboxAction.Start, w, "c1")), Entry(OutboxAction.Start, "c1", "c1")]);
        var second = await Database.SecondAsync(Token);

        var claimed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? Store : second).Jobs.ClaimOutboxAsync("farm", null, 7, Lease, Token)));
        var rest = await ClaimOutboxAsync("farm");
        Assert.Equal(workers, claimed.SelectMany(c => c).Concat(rest).Select(e => e.Job).Order());
        Assert.Equal("c1", Assert.Single(await ClaimOutboxAsync("local")).Job);
    }

    [Fact]
    public async Task Claim_MoreThanMax_TakesTheOldest()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        await Database.AgeAsync(TimeSpan.FromMinutes(1), Token);
        await SaveAsync(Entry(OutboxAction.Start, "w2", "c1"), Entry(OutboxAction.Start, "w3", "c1"));

        Assert.Equal(["w1", "w2"], (await Store.Jobs.ClaimOutboxAsync("farm", null, 2, Lease, Token)).Select(e => e.Job));
    }

    [Fact]
    public async Task Claim_StartThatWasBegunAndWhoseClaimRanOut_ComesAgainAsTheNextAttempt()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var first = Assert.Single(await ClaimOutboxAsync("farm"));
        Assert.Empty(await ClaimOutboxAsync("farm"));
        await Database.AgeAsync(Lease, Token);

        var second = Assert.Single(await ClaimOutboxAsync("farm"));
        Assert.Equal((1, 2), (first.Attempt, second.Attempt));
        await Store.Jobs.FinishOutboxAsync([Done(first, JobOf(first, handle: "old"))], Token);
        Assert.Null(await Store.Clusters.JobAsync("w1", Token));
        await Store.Jobs.FinishOutboxAsync([Done(second, JobOf(second, handle: "new"))], Token);
        Assert.Equal("new", (await Store.Clusters.JobAsync("w1", Token))!.Handle);
    }

    [Fact]
    public async Task Claim_StopWhileItsStartIsBeingTried_WaitsForTheStart()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var start = Assert.Single(await ClaimOutboxAsync("farm"));
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));
        Assert.Empty(await ClaimOutboxAsync("farm"));

        await Store.Jobs.FinishOutboxAsync([Done(start, JobOf(start, handle: "7.0"))], Token);
        var stop = Assert.Single(await ClaimOutboxAsync("farm"));
        Assert.Equal((OutboxAction.Stop, "7.0"), (stop.Action, stop.Handle));
    }

    [Fact]
    public async Task Claim_StopOfAStartWhoseClaimRanOut_TriesTheStartAgainFirst()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        await ClaimOutboxAsync("farm");
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));
        await Database.AgeAsync(Lease, Token);

        var again = Assert.Single(await ClaimOutboxAsync("farm"));
        Assert.Equal((OutboxAction.Start, 2), (again.Action, again.Attempt));
        await Store.Jobs.FinishOutboxAsync([Done(again, JobOf(again))], Token);
        Assert.Equal(OutboxAction.Stop, Assert.Single(await ClaimOutboxAsync("farm")).Action);
    }

    [Fact]
    public async Task Claim_StopOvertakesAStartThatNobodyHasBegun_NeitherTakesPlace()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"), Entry(OutboxAction.Start, "w2", "c1"));
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));
        var claim = await ClaimWithDueAsync();

        Assert.Equal("w2", Assert.Single(await ClaimOutboxAsync("farm")).Job);
        var job = (await Store.Clusters.JobAsync("w1", Token))!;
        Assert.Equal((JobState.Ended, null), (job.State, job.Handle));
        Assert.NotNull(job.Reason);
        Assert.Equal("1", await Database.ReadAsync("SELECT count(*) FROM outbox", Token));
        Assert.NotEqual(claim.Wake, await WakeOfAsync("c1"));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Claim_StopOvertakesAStartThatWaitsForItsNextTry_StopsOnlyWhatMayExist(bool notTried, int stops)
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var start = Assert.Single(await ClaimOutboxAsync("farm"));
        await Store.Jobs.FinishOutboxAsync([new OutboxResult { Entry = start, RetryAfter = TimeSpan.FromHours(1), NotTried = notTried }], Token);
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));

        var claimed = await ClaimOutboxAsync("farm");
        Assert.Equal(stops, claimed.Count(e => e.Action == OutboxAction.Stop));
        Assert.DoesNotContain(claimed, e => e.Action == OutboxAction.Start);
        Assert.Equal(stops == 0, await Store.Clusters.JobAsync("w1", Token) is { State: JobState.Ended });
        await Store.Jobs.FinishOutboxAsync([.. claimed.Select(e => Done(e, JobOf(e, JobState.Ended, handle: null)))], Token);
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM outbox", Token));
        Assert.Equal(JobState.Ended, (await Store.Clusters.JobAsync("w1", Token))!.State);
    }

    [Fact]
    public async Task Claim_StopOvertakesAStartTriedOnANode_GoesToThatNodeAlone()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var start = Assert.Single(await Store.Jobs.ClaimOutboxAsync("farm", "here", 10, Lease, Token));
        await Store.Jobs.FinishOutboxAsync([new OutboxResult { Entry = start, RetryAfter = TimeSpan.FromHours(1) }], Token);
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));

        Assert.Empty(await Store.Jobs.ClaimOutboxAsync("farm", "elsewhere", 10, Lease, Token));
        Assert.Equal(OutboxAction.Stop, Assert.Single(await Store.Jobs.ClaimOutboxAsync("farm", "here", 10, Lease, Token)).Action);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Finish_TryAgainLater_CountsAttemptsThatReachedTheBackend(bool notTried, int attempt)
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var first = Assert.Single(await ClaimOutboxAsync("farm"));
        await Store.Jobs.FinishOutboxAsync([new OutboxResult { Entry = first, RetryAfter = TimeSpan.FromMinutes(2), NotTried = notTried }], Token);
        Assert.Empty(await ClaimOutboxAsync("farm"));
        await Database.AgeAsync(TimeSpan.FromMinutes(2), Token);

        var second = Assert.Single(await ClaimOutboxAsync("farm"));
        Assert.Equal(attempt, second.Attempt);
        await Store.Jobs.FinishOutboxAsync([Done(first, JobOf(first))], Token);
        Assert.Null(await Store.Clusters.JobAsync("w1", Token));
    }

    [Fact]
    public async Task Finish_Started_RecordsTheJobWakesTheClusterAndTellsTheTimeline()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "c1", "c1"));
        var claim = await ClaimWithDueAsync();
        var entry = Assert.Single(await ClaimOutboxAsync("local", node: null));
        var before = await Store.Gateway.PingAsync(Token);
        await Store.Jobs.FinishOutboxAsync(
            [new OutboxResult { Entry = entry, Job = JobOf(entry, JobState.Running) with { Node = "n1", Host = "h1" }, Event = new ClusterEvent { Cluster = "c1", Kind = EventKinds.JobChanged, Message = "It runs." } }], Token);

        var job = (await SnapshotAsync("c1")).Jobs["c1"];
        Assert.Equal((JobKind.Scheduler, "local", "n1", "1.0", JobState.Running, "h1"), (job.Kind, job.Backend, job.Node!, job.Handle!, job.State, job.Host!));
        Assert.InRange(job.StartedAt, before, await Store.Gateway.PingAsync(Token));
        Assert.Equal(job.StartedAt, job.StateSince);
        Assert.Equal(claim.Wake + 1, await WakeOfAsync("c1"));
        Assert.Equal("It runs.", (await Store.Clusters.EventsAsync("c1", 0, 10, Token))[^1].Message);
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM outbox", Token));
    }

    [Fact]
    public async Task Finish_JobThatHasEnded_StaysEnded()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        await Store.Jobs.RecordJobsAsync([Running("w1") with { State = JobState.Ended, ExitCode = 137, Reason = "killed" }], [], Token);
        await SaveAsync(Entry(OutboxAction.Stop, "w1", "c1"));
        var stop = Assert.Single(await ClaimOutboxAsync("farm"));
        await Store.Jobs.FinishOutboxAsync([Done(stop, JobOf(stop, JobState.Running, reason: "no"))], Token);
        await Store.Jobs.RecordJobsAsync([Running("w1")], [], Token);

        var job = (await Store.Clusters.JobAsync("w1", Token))!;
        Assert.Equal((JobState.Ended, 137, "killed"), (job.State, job.ExitCode!.Value, job.Reason!));
    }

    [Fact]
    public async Task Finish_DeferredStartThenStarted_CountsItsStartFromTheHandle()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"));
        var first = Assert.Single(await ClaimOutboxAsync("farm"));
        await Store.Jobs.FinishOutboxAsync([new OutboxResult { Entry = first, RetryAfter = TimeSpan.Zero, NotTried = true, Job = JobOf(first, handle: null, reason: "A limit is reached.") }], Token);
        await Database.AgeAsync(TimeSpan.FromHours(1), Token);
        Assert.Equal("A limit is reached.", (await Store.Clusters.JobAsync("w1", Token))!.Reason);
        var second = Assert.Single(await ClaimOutboxAsync("farm"));
        await Store.Jobs.FinishOutboxAsync([Done(second, JobOf(second))], Token);

        var job = (await Store.Clusters.JobAsync("w1", Token))!;
        Assert.InRange((await Store.Gateway.PingAsync(Token)) - job.StartedAt, TimeSpan.Zero, TimeSpan.FromMinutes(30));
        Assert.Null(job.Reason);
    }

    [Fact]
    public async Task Finish_CheckedAddress_TouchesNothingElseOfTheJob()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "c1", "c1"));
        var start = Assert.Single(await ClaimOutboxAsync("local"));
        await Store.Jobs.FinishOutboxAsync([Done(start, JobOf(start))], Token);
        await SaveAsync(Entry(OutboxAction.CheckAddress, "c1", "c1", argument: "10.0.0.1:8786"));
        var check = Assert.Single(await ClaimOutboxAsync("local"));
        Assert.Equal(("10.0.0.1:8786", "1.0"), (check.Argument, check.Handle));
        await Store.Jobs.RecordJobsAsync([JobOf(start, JobState.Running)], [], Token);
        await Store.Jobs.FinishOutboxAsync([Done(check, JobOf(start) with { CheckedAddress = "10.0.0.1:8786", AddressVerdict = AddressVerdict.Yes })], Token);

        var job = (await Store.Clusters.JobAsync("c1", Token))!;
        Assert.Equal((JobState.Running, "10.0.0.1:8786", AddressVerdict.Yes), (job.State, job.CheckedAddress!, job.AddressVerdict!.Value));
    }

    [Fact]
    public async Task Save_AnotherAddressToCheck_ReplacesTheOneBefore()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.CheckAddress, "c1", "c1", argument: "a:1"));
        var old = Assert.Single(await ClaimOutboxAsync("local"));
        await SaveAsync(Entry(OutboxAction.CheckAddress, "c1", "c1", argument: "b:2"));

        var next = Assert.Single(await ClaimOutboxAsync("local"));
        Assert.Equal(("b:2", 1), (next.Argument, next.Attempt));
        await Store.Jobs.FinishOutboxAsync([Done(old)], Token);
        Assert.Equal("1", await Database.ReadAsync("SELECT count(*) FROM outbox", Token));
        await Store.Jobs.FinishOutboxAsync([Done(next)], Token);
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM outbox", Token));
    }

    [Fact]
    public async Task Claim_NodeBoundBackend_LeavesOtherNodesJobsAndTheirHalfBegunStarts()
    {
        await CreateAsync("c1", "c2");
        await SaveAsync(Entry(OutboxAction.Start, "c1", "c1"));
        Assert.Equal("n1", Assert.Single(await ClaimOutboxAsync("local", "n1")).Node);
        await Database.AgeAsync(Lease, Token);

        Assert.Empty(await ClaimOutboxAsync("local", "n2"));
        var again = Assert.Single(await ClaimOutboxAsync("local", "n1"));
        Assert.Equal(2, again.Attempt);
        await Store.Jobs.FinishOutboxAsync([Done(again, JobOf(again) with { Node = "n1" })], Token);
        await SaveAsync(Entry(OutboxAction.Stop, "c1", "c1"));
        Assert.Empty(await ClaimOutboxAsync("local", "n2"));
        Assert.Equal(OutboxAction.Stop, Assert.Single(await ClaimOutboxAsync("local", "n1")).Action);
    }

    [Fact]
    public async Task Claim_NodeBoundStartThatLeftNothing_MayGoToAnotherNode()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "c1", "c1"));
        var entry = Assert.Single(await ClaimOutboxAsync("local", "n1"));
        await Store.Jobs.FinishOutboxAsync([new OutboxResult { Entry = entry, RetryAfter = TimeSpan.Zero, NotTried = true }], Token);

        Assert.Equal("n2", Assert.Single(await ClaimOutboxAsync("local", "n2")).Node);
    }

    [Fact]
    public async Task Claim_ActionOfANewerVersion_IsLeftAlone()
    {
        await CreateAsync("c1");
        await SaveAsync(Entry(OutboxAction.Start, "w1", "c1"), Entry(OutboxAction.Start, "w2", "c1"));
        await Database.ExecuteAsync("UPDATE outbox SET action = 'Suspend' WHERE job = 'w1'", Token);

        Assert.Equal("w2", Assert.Single(await ClaimOutboxAsync("farm")).Job);
        Assert.Equal("0", await Database.ReadAsync("SELECT attempt FROM outbox WHERE job = 'w1'", Token));
    }

    private static Job Running(string worker) => JobOf(Entry(OutboxAction.Start, worker, "c1"), JobState.Running);

    private async Task SaveAsync(params OutboxEntry[] entries)
    {
        await Database.ExecuteAsync("UPDATE cluster_inbox SET due_at = 0, lease_until = NULL WHERE cluster = 'c1'", Token);
        Assert.Equal(SaveOutcome.Saved, await PlanAsync("c1", (_, save) => save with { Outbox = entries }));
    }

    private async Task<Claim> ClaimWithDueAsync()
    {
        await Database.ExecuteAsync("UPDATE cluster_inbox SET due_at = 0 WHERE cluster = 'c1'", Token);
        return await ClaimAsync("c1");
    }

    private async Task<long> WakeOfAsync(string cluster) => long.Parse((await Database.ReadAsync($"SELECT wake FROM cluster_inbox WHERE cluster = '{cluster}'", Token))!);
}
