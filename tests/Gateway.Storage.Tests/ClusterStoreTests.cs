using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteClusterStoreTests(SharedSqlite shared) : ClusterStoreTests(shared.TakeAsync);

public sealed class PostgresClusterStoreTests(SharedPostgres server) : ClusterStoreTests(server.TakeAsync);

public abstract class ClusterStoreTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Create_NewCluster_IsFoundAsItWasGivenAndIsDue()
    {
        var owner = Guid.NewGuid();
        var before = await Store.Gateway.PingAsync(Token);
        await CreateAsync(["c1"], owner);

        var view = (await Store.Clusters.FindAsync("c1", Token))!;
        Assert.Equal(("c1", owner, ClusterPhase.Accepted, 0L), (view.Cluster.Name, view.Cluster.OwnerId!.Value, view.Phase, view.Cluster.Revision));
        Assert.Equivalent(Spec, view.Cluster.Spec, strict: true);
        Assert.Equal("""{"cores":1}""", view.Cluster.Options);
        Assert.InRange(view.Cluster.CreatedAt, before, await Store.Gateway.PingAsync(Token));
        var batch = await Store.Reconcile.ClaimAsync("a", 10, Lease, Token);
        Assert.Equal("c1", Assert.Single(batch.Claims).Cluster);
        Assert.Equal(EventKinds.ClusterCreated, Assert.Single(await Store.Clusters.EventsAsync("c1", 0, 10, Token)).Kind);
    }

    [Fact]
    public async Task Create_AtOnceOnTwoReplicas_GrantsNoMoreThanTheOwnerMayHave()
    {
        var second = await Database.SecondAsync(Token);
        var owner = await Store.Clusters.EnsureUserAsync("basic", "", "alice", "alice", Token);
        await CreateAsync(["closing", "ended", "stopping"], owner);
        await CreateAsync(["others"], await Store.Clusters.EnsureUserAsync("basic", "", "bob", "bob", Token));
        await MoveAsync("closing", ClusterPhase.Closing);
        await MoveAsync("ended", ClusterPhase.Stopped);
        await Store.Clusters.RequestStopAsync("stopping", "no longer wanted", failed: false, Token);

        var granted = await Task.WhenAll(Enumerable.Range(0, 24).Select(n =>
            (n % 2 == 0 ? Store : second).Clusters.CreateAsync(NewCluster($"c{n}", owner) with { MaxOwned = 5 }, Token)));

        Assert.Equal(5, granted.Count(taken => taken));
        var live = (await ListAsync(owner, ClusterPhase.Accepted)).ToList();
        Assert.Equal(5, live.Count);
        Assert.False(await Store.Clusters.CreateAsync(NewCluster("more", owner) with { MaxOwned = 0 }, Token));
        Assert.Null(await Store.Clusters.TokenAsync("more", Token));
        await Store.Clusters.RequestStopAsync(live[0], "one less", failed: false, Token);
        Assert.True(await second.Clusters.CreateAsync(NewCluster("next", owner) with { MaxOwned = 5 }, Token));
    }

    [Fact]
    public async Task Find_UnknownCluster_IsNull()
    {
        Assert.Null(await Store.Clusters.FindAsync("nobody", Token));
        Assert.Null(await Store.Clusters.TokenAsync("nobody", Token));
        Assert.Null(await Store.Clusters.JobAsync("nobody", Token));
        Assert.Empty(await Store.Clusters.CredentialsAsync(["nobody"], Token));
        Assert.Empty(await Store.Clusters.EventsAsync("nobody", 0, 10, Token));
    }

    [Fact]
    public async Task Find_PhaseOfANewerVersion_SaysSoAndLeavesOthersAlone()
    {
        await CreateAsync("c1", "c2");
        await Database.ExecuteAsync("UPDATE clusters SET phase = 'Dreaming' WHERE name = 'c1'", Token);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Store.Clusters.FindAsync("c1", Token));
        var listed = await Store.Clusters.ListAsync(new ClusterFilter { Phases = Enum.GetValues<ClusterPhase>().ToHashSet() }, Token);
        Assert.Equal("c2", Assert.Single(listed).Cluster.Name);
        var batch = await Store.Reconcile.ClaimAsync("a", 10, Lease, Token);
        Assert.Equal("c2", Assert.Single(await Store.Reconcile.LoadAsync(batch.Claims, Token)).Key);
    }

    [Fact]
    public async Task List_ByOwnerAndPhase_ShowsStoppingOnesAsClosing()
    {
        var (alice, bob) = (Guid.NewGuid(), Guid.NewGuid());
        await CreateAsync(["a1", "a2", "a3", "a4"], alice);
        await CreateAsync(["b1"], bob);
        await MoveAsync("a2", ClusterPhase.Running);
        await Store.Clusters.RequestStopAsync("a3", "no longer wanted", failed: false, Token);
        await MoveAsync("a4", ClusterPhase.Failed);

        Assert.Equal(["a2", "a1"], await ListAsync(alice, ClusterPhase.Accepted, ClusterPhase.Running));
        Assert.Equal(["a3"], await ListAsync(alice, ClusterPhase.Closing));
        Assert.Equal(["a4", "a3"], await ListAsync(alice, ClusterPhase.Closing, ClusterPhase.Failed));
        Assert.Equal(["b1", "a1"], await ListAsync(null, ClusterPhase.Accepted));
        Assert.Equal(["b1"], (await Store.Clusters.ListAsync(new ClusterFilter { Phases = new HashSet<ClusterPhase> { ClusterPhase.Accepted }, Max = 1 }, Token)).Select(v => v.Cluster.Name));
    }

    [Fact]
    public async Task RequestStop_Twice_KeepsTheFirstReasonAndWakesOnce()
    {
        await CreateAsync("c1");
        var claim = await ClaimAsync("c1");
        await Store.Clusters.RequestStopAsync("c1", "the first", failed: true, Token);
        await Store.Clusters.RequestStopAsync("c1", "the second", failed: false, Token);
        await Store.Clusters.RequestStopAsync("unknown", "nothing", failed: false, Token);

        var view = (await Store.Clusters.FindAsync("c1", Token))!;
        Assert.Equal((DesiredState.Stopped, "the first", ClusterPhase.Closing), (view.Desired, view.StopReason, view.Phase));
        Assert.True((await SnapshotAsync("c1")).Inbox.StopFailed);
        await Store.Reconcile.ReleaseAsync([claim], DateTimeOffset.MaxValue.AddYears(-5000), Token);
        Assert.Equal(claim.Wake + 1, (await ClaimAsync("c1")).Wake);
    }

    [Fact]
    public async Task RequestStop_EndedCluster_ChangesNothing()
    {
        await CreateAsync("c1");
        await MoveAsync("c1", ClusterPhase.Failed);
        await Store.Clusters.RequestStopAsync("c1", "too late", failed: false, Token);

        var view = (await Store.Clusters.FindAsync("c1", Token))!;
        Assert.Equal((DesiredState.Running, ClusterPhase.Failed), (view.Desired, view.Phase));
        Assert.NotNull(view.Cluster.EndedAt);
        Assert.Empty((await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims);
    }

    [Fact]
    public async Task Credentials_OfCreatedClusters_AreTheSameAndEncryptedInTheTable()
    {
        await CreateAsync("c1", "c2");

        var found = await Store.Clusters.CredentialsAsync(["c1", "c2", "c3"], Token);
        Assert.Equal(["c1", "c2"], found.Keys.Order());
        Assert.Equal(("certificate of c2", "key of c2", "token of c2"), (found["c2"].Certificate, found["c2"].Key, found["c2"].Token));
        var token = (await Store.Clusters.TokenAsync("c1", Token))!;
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes("token of c1")), token.Hash.ToArray());
        string row = (await Database.ReadAsync("SELECT count(*) FROM credentials WHERE cluster = 'c1' AND CAST(sealed_key AS text) LIKE '%key of%'", Token))!;
        Assert.Equal("0", row);
    }

    [Fact]
    public async Task Events_ReadOnFromTheLast_ComeOnceInOrderWithTheStoresTime()
    {
        await CreateAsync("c1", "c2");
        await Store.Clusters.AppendEventsAsync([Line("c1", "one"), Line("c2", "other"), Line("gone", "nobody's"), Line("c1", "two") with { Worker = "w", Count = 3 }], Token);

        var first = await Store.Clusters.EventsAsync("c1", 0, 2, Token);
        var rest = await Store.Clusters.EventsAsync("c1", first[^1].Id, 10, Token);
        Assert.Equal(["The cluster was taken on.", "one", "two"], first.Concat(rest).Select(e => e.Message));
        Assert.Equal(("w", 3), (rest[0].Worker!, rest[0].Count!.Value));
        Assert.InRange(await Store.Gateway.PingAsync(Token) - rest[0].At, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM events WHERE cluster = 'gone'", Token));
    }

    [Fact]
    public async Task Workers_WithJobs_ComeNewestFirst()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        await PlanAsync("c1", (_, save) => save with { NewWorkers = [NewWorker("w2", "c1") with { SubmittedAt = DateTimeOffset.UnixEpoch.AddYears(51) }] });

        var views = await Store.Clusters.WorkersAsync("c1", 10, Token);
        Assert.Equal(["w2", "w1"], views.Select(v => v.Worker.Name));
        Assert.Null(views[0].Job);
        Assert.Equal("1.0", views[1].Job!.Handle);
        Assert.Equivalent(Spec.Worker, views[1].Worker.Resources, strict: true);
        Assert.Single(await Store.Clusters.WorkersAsync("c1", 1, Token));
    }

    [Fact]
    public async Task Routes_RunningClusters_AreThoseWithAnAddress()
    {
        await CreateAsync("c1", "c2", "c3");
        await PublishAsync("c1");
        await PublishAsync("c2");
        await MoveAsync("c2", ClusterPhase.Stopped);

        Assert.Equal("tls://10.0.0.1:8786", Assert.Single(await Store.Clusters.RoutesAsync(null, Token)).SchedulerAddress);
        Assert.Empty(await Store.Clusters.RoutesAsync(["c2", "c3", "none"], Token));
        Assert.Equal("c1", Assert.Single(await Store.Clusters.RoutesAsync(["c1", "c2"], Token)).Name);
    }

    [Fact]
    public async Task EnsureUser_SameIdentityAtOnce_IsOnePerson()
    {
        var second = await Database.SecondAsync(Token);
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? Store : second).Clusters.EnsureUserAsync("basic", "", "alice", "Alice", Token)));
        var other = await Store.Clusters.EnsureUserAsync("jupyterhub", "", "alice", "Alice of the hub", Token);

        Assert.Single(ids.Distinct());
        Assert.NotEqual(ids[0], other);
        Assert.Equal(ids[0], await Store.Clusters.EnsureUserAsync("basic", "", "alice", "Alice B.", Token));
        var names = await Store.Clusters.UserNamesAsync([ids[0], other, Guid.NewGuid()], Token);
        Assert.Equal(["Alice B.", "Alice of the hub"], names.Values.Order());
    }

    private async Task PublishAsync(string name) => await PlanAsync(name, (snapshot, save) => save with
    {
        Cluster = snapshot.Cluster with { Phase = ClusterPhase.Running, SchedulerAddress = "tls://10.0.0.1:8786" },
        DueAt = DateTimeOffset.UnixEpoch,
    });

    private static ClusterEvent Line(string cluster, string message) => new() { Cluster = cluster, Kind = EventKinds.JobChanged, Message = message };

    private async Task<IEnumerable<string>> ListAsync(Guid? owner, params ClusterPhase[] phases) =>
        (await Store.Clusters.ListAsync(new ClusterFilter { OwnerId = owner, Phases = phases.ToHashSet() }, Token)).Select(v => v.Cluster.Name);
}
