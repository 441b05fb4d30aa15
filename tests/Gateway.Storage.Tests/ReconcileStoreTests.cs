using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteReconcileStoreTests(SharedSqlite shared) : ReconcileStoreTests(shared.TakeAsync);

public sealed class PostgresReconcileStoreTests(SharedPostgres server) : ReconcileStoreTests(server.TakeAsync);

public abstract class ReconcileStoreTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Claim_TwoReplicasAtOnce_ShareTheClustersWithoutOverlap()
    {
        string[] names = [.. Enumerable.Range(0, 60).Select(i => $"c{i:00}")];
        await CreateAsync(names);
        var second = await Database.SecondAsync(Token);

        var batches = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? Store : second).Reconcile.ClaimAsync($"r{i % 2}", 10, Lease, Token)));
        var claimed = batches.SelectMany(b => b.Claims).Select(c => c.Cluster).ToList();
        var rest = (await Store.Reconcile.ClaimAsync("r0", 100, Lease, Token)).Claims.Select(c => c.Cluster);
        Assert.Equal(names, claimed.Concat(rest).Order());
    }

    [Fact]
    public async Task Claim_MoreThanMax_TakesTheMostOverdue()
    {
        await CreateAsync("old");
        await Database.AgeAsync(TimeSpan.FromMinutes(1), Token);
        await CreateAsync("new");

        Assert.Equal(["old"], (await Store.Reconcile.ClaimAsync("a", 1, Lease, Token)).Claims.Select(c => c.Cluster));
        Assert.Equal(["new"], (await Store.Reconcile.ClaimAsync("a", 1, Lease, Token)).Claims.Select(c => c.Cluster));
    }

    [Fact]
    public async Task Claim_LeaseRanOut_GoesToAnotherWithAHigherGeneration()
    {
        await CreateAsync("c1");
        var first = await ClaimAsync("c1");
        Assert.Empty((await Store.Reconcile.ClaimAsync("b", 10, Lease, Token)).Claims);
        await Database.AgeAsync(Lease, Token);

        var second = await ClaimAsync("c1");
        Assert.Equal(first.Generation + 1, second.Generation);
    }

    [Fact]
    public async Task Claim_NothingDue_TellsTheStoresTime()
    {
        var batch = await Store.Reconcile.ClaimAsync("a", 10, Lease, Token);
        Assert.Empty(batch.Claims);
        Assert.InRange((await Store.Gateway.PingAsync(Token)) - batch.Now, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Null((await Store.Reconcile.NextDueAsync(Token)).DueAt);
    }

    [Fact]
    public async Task Save_WholePlan_IsStoredTogetherAndReleasesTheLease()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        await WakeAsync("c1");
        var due = (await Store.Gateway.PingAsync(Token)).AddMinutes(5);
        var at = DateTimeOffset.UnixEpoch.AddTicks(17_000_000_000_000_010);
        Cluster? saved = null;
        var outcome = await PlanAsync("c1", (snapshot, save) => save with
        {
            Cluster = saved = snapshot.Cluster with
            {
                Phase = ClusterPhase.Closing,
                Outcome = ClusterPhase.Failed,
                Reason = "because",
                WorkerFailures = 3,
                NotBefore = at,
                SchedulerAddress = "tls://a:1",
                DashboardAddress = "http://a:2",
                ApiAddress = "http://a:3",
                SubmittedAt = at,
                RunningAt = at,
                ClosingAt = at,
            },
            NewWorkers = [NewWorker("w2", "c1")],
            ChangedWorkers = [NewWorker("w1", "c1") with { Phase = WorkerPhase.Stopping, Outcome = WorkerPhase.Failed, Reason = "lost", ConnectedAt = at, LeavingAt = at, StopSaved = true }],
            Outbox = [Entry(OutboxAction.Start, "w2", "c1") with { TraceParent = "00-1" }, Entry(OutboxAction.Stop, "w1", "c1")],
            Events = [new ClusterEvent { Cluster = "c1", Kind = EventKinds.ClusterFailed, Message = "It failed.", At = at }],
            DueAt = due,
        });

        Assert.Equal(SaveOutcome.Saved, outcome);
        var snapshot = await SnapshotAsync("c1");
        Assert.Equivalent(saved! with { Revision = saved!.Revision + 1 }, snapshot.Cluster, strict: true);
        var w1 = snapshot.Workers.Single(w => w.Name == "w1");
        Assert.Equal((WorkerPhase.Stopping, WorkerPhase.Failed, "lost", at, at, true), (w1.Phase, w1.Outcome!.Value, w1.Reason!, w1.ConnectedAt!.Value, w1.LeavingAt!.Value, w1.StopSaved));
        Assert.Equivalent(NewWorker("w2", "c1"), snapshot.Workers.Single(w => w.Name == "w2"), strict: true);
        Assert.Equal("It failed.", (await Store.Clusters.EventsAsync("c1", 0, 10, Token))[^1].Message);
        var entries = await ClaimOutboxAsync("farm");
        Assert.Equal([(OutboxAction.Start, "w2", "00-1"), (OutboxAction.Stop, "w1", null)], entries.Select(e => (e.Action, e.Job, e.TraceParent)));
        Assert.Equal(due.Ticks / 10, (await Store.Reconcile.NextDueAsync(Token)).DueAt!.Value.Ticks / 10);
        Assert.Empty((await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims);
    }

    [Fact]
    public async Task Save_WokenSinceTheClaim_LeavesTheClusterDueAtOnce()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await WakeAsync("c1");
        Assert.Equal(SaveOutcome.Saved, await Store.Reconcile.SaveAsync(new PlanSave { Claim = claim, Revision = 0, DueAt = null }, Token));

        await ClaimAsync("c1");
    }

    [Fact]
    public async Task Save_NotWoken_SleepsUntilThePlansTimeOrForEver()
    {
        await CreateAsync("c1", "c2");
        await PlanAsync("c1", (_, save) => save with { DueAt = null });
        await PlanAsync("c2", (_, save) => save with { DueAt = DateTimeOffset.UnixEpoch });

        Assert.Equal(["c2"], (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims.Select(c => c.Cluster));
    }

    [Fact]
    public async Task Save_FrozenBeyondTheLease_IsLostEvenIfNobodyElseCame()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await Database.AgeAsync(Lease, Token);

        Assert.Equal(SaveOutcome.Lost, await Store.Reconcile.SaveAsync(Everything(claim), Token));
        await AssertNothingSavedAsync();
    }

    [Fact]
    public async Task Save_FrozenReplicaAfterAnotherHasClaimed_IsLostAndTheOtherSaves()
    {
        await CreateAsync("c1");
        var frozen = await ClaimAsync("c1");
        await Database.AgeAsync(Lease, Token);
        var awake = await ClaimAsync("c1", await Database.SecondAsync(Token));

        Assert.Equal(SaveOutcome.Lost, await Store.Reconcile.SaveAsync(Everything(frozen), Token));
        await AssertNothingSavedAsync();
        Assert.Equal(SaveOutcome.Saved, await Store.Reconcile.SaveAsync(Everything(awake), Token));
    }

    [Fact]
    public async Task Save_OlderRevision_IsLostAndKeepsTheLease()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");

        Assert.Equal(SaveOutcome.Lost, await Store.Reconcile.SaveAsync(Everything(claim) with { Revision = 7 }, Token));
        Assert.Equal(SaveOutcome.Lost, await Store.Reconcile.SaveAsync(new PlanSave { Claim = claim, Revision = 7 }, Token));
        await AssertNothingSavedAsync();
        Assert.Empty((await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims);
    }

    [Fact]
    public async Task Save_WorkerOfAnotherCluster_IsLost()
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c2", "x1");
        var outcome = await PlanAsync("c1", (_, save) => save with { ChangedWorkers = [NewWorker("x1", "c1") with { Phase = WorkerPhase.Failed }] });

        Assert.Equal(SaveOutcome.Lost, outcome);
        Assert.Equal(WorkerPhase.Submitted, Assert.Single((await SnapshotAsync("c2")).Workers).Phase);
    }

    [Fact]
    public async Task Save_NameThatIsTaken_IsNotGrantedAndHasNoEffect()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        await WakeAsync("c1");
        await PlanAsync("c1", (_, save) => save with
        {
            NewWorkers = [NewWorker("w1", "c1"), NewWorker("w2", "c1")],
            Outbox = [Entry(OutboxAction.Start, "w1", "c1"), Entry(OutboxAction.Start, "w2", "c1")],
        });

        Assert.Equal(["w2"], (await ClaimOutboxAsync("farm")).Select(e => e.Job));
    }

    [Fact]
    public async Task Save_SameClaimTwice_SavesOnce()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        Assert.Equal(SaveOutcome.Saved, await Store.Reconcile.SaveAsync(Everything(claim), Token));
        Assert.Equal(SaveOutcome.Lost, await Store.Reconcile.SaveAsync(Everything(claim) with { Revision = 1 }, Token));
    }

    [Fact]
    public async Task Save_Running_BeginsTheTimeWithoutClients()
    {
        await CreateAsync("c1");
        Assert.Null((await SnapshotAsync("c1")).Inbox.NoClientSince);
        await MoveAsync("c1", ClusterPhase.Running);

        var since = (await SnapshotAsync("c1")).Inbox.NoClientSince;
        Assert.NotNull(since);
        await WakeAsync("c1");
        await MoveAsync("c1", ClusterPhase.Running);
        Assert.Equal(since, (await SnapshotAsync("c1")).Inbox.NoClientSince);
    }

    [Fact]
    public async Task Rest_EachWithItsTime_SleepsUntilThenUnlessWoken()
    {
        await CreateAsync("c1", "c2", "c3", "c4");
        var batch = await Store.Reconcile.ClaimAsync("a", 10, Lease, Token);
        Claim Of(string name) => batch.Claims.Single(c => c.Cluster == name);
        await WakeAsync("c2");
        await Store.Reconcile.RestAsync(
            [(Of("c1"), batch.Now + TimeSpan.FromHours(1)), (Of("c2"), batch.Now + TimeSpan.FromHours(1)), (Of("c3"), batch.Now), (Of("c4"), null)], Token);

        var next = await Store.Reconcile.ClaimAsync("b", 10, Lease, Token);
        Assert.Equal(["c2", "c3"], next.Claims.Select(c => c.Cluster).Order());
        Assert.InRange((await Store.Reconcile.NextDueAsync(Token)).DueAt!.Value - next.Now, TimeSpan.FromSeconds(1), Lease);
    }

    [Fact]
    public async Task Rest_FrozenReplica_LeavesTheLeaseOfTheNextOne()
    {
        await CreateAsync("c1");
        var old = await ClaimAsync("c1");
        await Database.ExecuteAsync("UPDATE cluster_inbox SET lease_until = 0, due_at = 0", Token);
        await Store.Reconcile.RestAsync([(old, null)], Token);
        var claim = await ClaimAsync("c1");
        await Store.Reconcile.RestAsync([(old, null)], Token);

        Assert.Empty((await Store.Reconcile.ClaimAsync("b", 10, Lease, Token)).Claims);
        Assert.Equal(SaveOutcome.Saved, await Store.Reconcile.SaveAsync(new PlanSave { Claim = claim, Revision = 0 }, Token));
    }

    [Fact]
    public async Task Release_WithATime_SleepsUntilThenUnlessWoken()
    {
        await CreateAsync("c1", "c2", "c3");
        var claims = (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims;
        await WakeAsync("c2");
        var stale = claims.Single(c => c.Cluster == "c3") with { Generation = 77 };
        await Store.Reconcile.ReleaseAsync([.. claims.Where(c => c.Cluster != "c3"), stale], (await Store.Gateway.PingAsync(Token)).AddHours(1), Token);

        Assert.Equal(["c2"], (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims.Select(c => c.Cluster));
        await Database.AgeAsync(TimeSpan.FromHours(1), Token);
        Assert.Equal(["c1", "c2", "c3"], (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims.Select(c => c.Cluster).Order());
    }

    [Theory]
    [InlineData("UPDATE workers SET phase = 'Hibernating' WHERE name = 'w1'")]
    [InlineData("UPDATE workers SET resources = '{' WHERE name = 'w1'")]
    [InlineData("UPDATE jobs SET state = 'Suspended' WHERE name = 'w1'")]
    [InlineData("UPDATE jobs SET address_verdict = '1' WHERE name = 'w1'")]
    [InlineData("UPDATE clusters SET spec = '{}' WHERE name = 'c1'")]
    [InlineData("UPDATE clusters SET outcome = 'Accepted, Running' WHERE name = 'c1'")]
    [InlineData("UPDATE cluster_inbox SET desired = 'Paused' WHERE cluster = 'c1'")]
    [InlineData("UPDATE cluster_inbox SET heartbeat = '[]' WHERE cluster = 'c1'")]
    public async Task Load_ValueOfANewerVersion_LeavesThatClusterOutAndNoOther(string newer)
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c1", "w1");
        await WakeAsync("c1");
        await Database.ExecuteAsync(newer.Replace("{", "{{").Replace("}", "}}"), Token);

        var claims = (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims;
        Assert.Equal(2, claims.Count);
        Assert.Equal(["c2"], (await Store.Reconcile.LoadAsync(claims, Token)).Keys);
    }

    [Fact]
    public async Task Load_EndedWorkers_AreLeftOutWithTheirJobs()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1", "w2");
        await WakeAsync("c1");
        await PlanAsync("c1", (_, save) => save with { ChangedWorkers = [NewWorker("w1", "c1") with { Phase = WorkerPhase.Stopped }] });

        var snapshot = await SnapshotAsync("c1");
        Assert.Equal(["w2"], snapshot.Workers.Select(w => w.Name));
        Assert.Equal(["w2"], snapshot.Jobs.Keys);
        Assert.NotNull((await Store.Clusters.WorkersAsync("c1", 10, Token)).Single(w => w.Worker.Name == "w1").Worker.EndedAt);
    }

    [Fact]
    public async Task Save_TellsThisProcessOfPhaseOutboxAndDue()
    {
        await CreateAsync("c1");
        var told = new List<Change>();
        using var subscription = Store.Signal.Subscribe(told.Add);
        await PlanAsync("c1", (snapshot, save) => save with
        {
            Cluster = snapshot.Cluster with { Phase = ClusterPhase.Submitted },
            Outbox = [Entry(OutboxAction.Start, "c1", "c1")],
            DueAt = DateTimeOffset.UnixEpoch,
        });

        Assert.Contains(new Change(ChangeKind.Phase, "c1"), told);
        Assert.Contains(new Change(ChangeKind.Outbox, "local"), told);
        Assert.Contains(new Change(ChangeKind.Due, "c1"), told);
    }

    private static PlanSave Everything(Claim claim) => new()
    {
        Claim = claim,
        Revision = 0,
        Cluster = new Cluster { Name = "c1", Options = "", Spec = Spec, CreatedAt = default, Phase = ClusterPhase.Submitted },
        NewWorkers = [NewWorker("w1", "c1")],
        Outbox = [Entry(OutboxAction.Start, "w1", "c1")],
        Events = [new ClusterEvent { Cluster = "c1", Kind = EventKinds.ClusterSubmitted, Message = "saved" }],
    };

    private Task WakeAsync(string name) => Store.Clusters.RecordHeartbeatsAsync(
        [new ReceivedHeartbeat(name, new Heartbeat { SchedulerAddress = "tls://a:1", ApiAddress = "http://a:3" }, Random.Shared.NextInt64())], Token);

    private async Task AssertNothingSavedAsync()
    {
        var snapshot = await SnapshotAsync("c1");
        Assert.Equal((ClusterPhase.Accepted, 0L), (snapshot.Cluster.Phase, snapshot.Cluster.Revision));
        Assert.Empty(snapshot.Workers);
        Assert.Empty(await ClaimOutboxAsync("farm"));
        Assert.Single(await Store.Clusters.EventsAsync("c1", 0, 10, Token));
    }
}
