using Gateway.Core.Clusters;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqlitePresenceTests(SharedSqlite shared) : PresenceTests(shared.TakeAsync);

public sealed class PostgresPresenceTests(SharedPostgres server) : PresenceTests(server.TakeAsync);

public abstract class PresenceTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Pulse_WithoutAGap_KeepsItsBeginning()
    {
        await CreateAsync("c1");
        await Store.Jobs.PulseAsync("a", "1.0", Gap, Token);
        var since = (await SnapshotAsync("c1")).HearingSince;
        await Database.AgeAsync(Gap / 2, Token);
        await Store.Jobs.PulseAsync("b", "1.0", Gap, Token);

        Assert.Equal(since - (Gap / 2), (await SnapshotAsync("c1")).HearingSince);
    }

    [Fact]
    public async Task Pulse_AfterAGap_BeginsAnewAndCountsAsSilentMeanwhile()
    {
        await CreateAsync("c1");
        await Store.Jobs.PulseAsync("a", "1.0", Gap, Token);
        await Database.AgeAsync(Gap * 2, Token);

        // Nobody has pulsed for longer than the gap: whoever looks now has not been hearing.
        var before = await Store.Gateway.PingAsync(Token);
        Assert.True((await SnapshotAsync("c1")).HearingSince >= before);
        await Store.Jobs.PulseAsync("a", "1.0", Gap, Token);
        var since = (await SnapshotAsync("c1")).HearingSince;
        Assert.True(since >= before);
        Assert.Equal(since, (await SnapshotAsync("c1")).HearingSince);
    }

    [Fact]
    public async Task Replicas_ArePulsingOnesWithTheirLeases()
    {
        await CreateAsync("c1", "c2");
        await Store.Jobs.PulseAsync("old", "0.9", Gap, Token);
        await Database.AgeAsync(TimeSpan.FromMinutes(2), Token);
        await Store.Jobs.PulseAsync("a", "1.0", Gap, Token);
        await Store.Jobs.PulseAsync("a", "1.1", Gap, Token);
        await Store.Jobs.PulseAsync("b", "1.0", Gap, Token);
        await Store.Reconcile.ClaimAsync("a", 10, Lease, Token);

        var replicas = await Store.Gateway.ReplicasAsync(Token);
        Assert.Equal([("a", "1.1", 2), ("b", "1.0", 0)], replicas.Select(r => (r.Name, r.Version, r.Leases)));
        Assert.True(replicas[0].StartedAt <= replicas[0].PulseAt);
    }

    [Fact]
    public async Task Listing_OfTwoNodes_CountsForTheClustersJobsThere()
    {
        await CreateAsync("c1", "c2");
        await StartWorkersAsync("c1", "w1");
        await Database.ExecuteAsync("UPDATE jobs SET node = 'n1' WHERE name = 'w1'", Token);
        Assert.Empty((await SnapshotAsync("c1")).SeeingSince);
        await Store.Jobs.RecordListingAsync("farm", "n2", Gap, Token);
        Assert.DoesNotContain("farm", (await SnapshotAsync("c1")).SeeingSince);
        Assert.Contains("farm", (await SnapshotAsync("c2")).SeeingSince);
        await Store.Jobs.RecordListingAsync("farm", "n1", Gap, Token);
        var since = (await SnapshotAsync("c1")).SeeingSince["farm"];
        await Database.AgeAsync(Gap / 2, Token);
        await Store.Jobs.RecordListingAsync("farm", "n1", Gap, Token);

        Assert.Equal(since - (Gap / 2), (await SnapshotAsync("c1")).SeeingSince["farm"]);
        await Database.AgeAsync(Gap * 2, Token);
        var before = await Store.Gateway.PingAsync(Token);
        Assert.True((await SnapshotAsync("c1")).SeeingSince["farm"] >= before);
    }

    [Fact]
    public async Task Clients_OverReplicas_AreAddedUpAndTheLastOneToLeaveWakes()
    {
        await CreateAsync("c1", "c2");
        await Store.Jobs.PulseAsync("a", "1", Gap, Token);
        await Store.Jobs.PulseAsync("b", "1", Gap, Token);
        long wake = await WakeAsync();
        await TellAsync("a", 2);
        await TellAsync("b", 1);
        await TellAsync("b", 1);
        Assert.Equal((3, null), await ClientsAsync());

        await TellAsync("a", 0);
        Assert.Equal((1, null), await ClientsAsync());
        Assert.Equal(wake, await WakeAsync());
        await TellAsync("b", 0);
        var (clients, since) = await ClientsAsync();
        Assert.Equal(0, clients);
        Assert.NotNull(since);
        Assert.Equal(wake + 1, await WakeAsync());

        await TellAsync("a", 0);
        Assert.Equal((0, since), await ClientsAsync());
        await TellAsync("a", 1);
        Assert.Equal((1, null), await ClientsAsync());
        Assert.Equal(wake + 2, await WakeAsync());
        Assert.Null((await SnapshotAsync("c2")).Inbox.NoClientSince);
    }

    [Fact]
    public async Task Clients_OfAReplicaThatIsNoMore_AreForgotten()
    {
        await CreateAsync("c1");
        await Store.Jobs.PulseAsync("dead", "1", Gap, Token);
        await TellAsync("dead", 5);
        await Database.AgeAsync(TimeSpan.FromMinutes(2), Token);
        await TellAsync("a", 1);
        Assert.Equal((1, null), await ClientsAsync());
        await TellAsync("a", 0);

        Assert.NotNull((await ClientsAsync()).Since);
    }

    [Fact]
    public async Task Clients_FirstOneOfARunningCluster_EndsTheTimeWithoutClients()
    {
        await CreateAsync("c1");
        await MoveAsync("c1", ClusterPhase.Running);
        Assert.NotNull((await ClientsAsync()).Since);
        await TellAsync("a", 1);

        Assert.Equal((1, null), await ClientsAsync());
    }

    [Fact]
    public async Task Duty_TakenByOne_GoesToAnotherWhenItRunsOutOrIsGivenUp()
    {
        var other = (await Database.SecondAsync(Token)).Duties;
        var taken = await Task.WhenAll(Store.Duties.TakeAsync("sweep", "a", Lease, Token), other.TakeAsync("sweep", "b", Lease, Token));
        Assert.Single(taken, t => t);
        var (holder, waiter) = taken[0] ? ("a", "b") : ("b", "a");
        Assert.True(await Store.Duties.TakeAsync("sweep", holder, Lease, Token));
        await Database.AgeAsync(Lease, Token);
        Assert.True(await other.TakeAsync("sweep", waiter, Lease, Token));
        Assert.True(await other.TakeAsync("other", waiter, Lease, Token));
        Assert.False(await Store.Duties.TakeAsync("sweep", holder, Lease, Token));

        await Store.Duties.GiveUpAsync("sweep", holder, Token); // which it has no longer
        Assert.False(await Store.Duties.TakeAsync("sweep", holder, Lease, Token));
        await other.GiveUpAsync("sweep", waiter, Token);
        Assert.True(await Store.Duties.TakeAsync("sweep", holder, Lease, Token));
        Assert.False(await Store.Duties.TakeAsync("other", holder, Lease, Token));
    }

    private Task TellAsync(string replica, int clients) => Store.Jobs.RecordClientsAsync(replica, new Dictionary<string, int> { ["c1"] = clients }, Token);

    private async Task<(int Clients, DateTimeOffset? Since)> ClientsAsync()
    {
        var inbox = (await SnapshotAsync("c1")).Inbox;
        return (inbox.Clients, inbox.NoClientSince);
    }

    private async Task<long> WakeAsync() => long.Parse((await Database.ReadAsync("SELECT wake FROM cluster_inbox WHERE cluster = 'c1'", Token))!);
}
