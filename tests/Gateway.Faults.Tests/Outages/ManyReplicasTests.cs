using System.Net;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

/// <summary>What one replica does is so on all of them.</summary>
public sealed class ManyReplicasTests(ManyReplicasTests.TenReplicas fixture) : IClassFixture<ManyReplicasTests.TenReplicas>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GatewaySite Site => fixture.Site;

    [Fact]
    public async Task TenReplicas_StartedTogetherOnAnEmptyDatabase_MigrateItOnceAndAreOneGateway()
    {
        var migrations = await Site.QueryAsync("""SELECT "MigrationId" FROM "__EFMigrationsHistory" """, Token);
        Assert.Equal(migrations.Select(m => m[0]).Distinct(), migrations.Select(m => m[0]));
        Assert.NotEmpty(migrations);
        Assert.Single(await Site.QueryAsync("SELECT value FROM facts WHERE name = 'identity'", Token));
        await Eventually.TrueAsync(
            async () => Site.Replicas.Select(r => r.Name).ToHashSet().SetEquals((await Site.QueryAsync("SELECT split_part(name, '.', 1) FROM replicas", Token)).Select(r => r[0])),
            "each replica has told of itself",
            Token);
    }

    [Fact]
    public async Task Session_OfOneReplica_IsValidOnAllOthers()
    {
        using var first = new Person(Site.Replicas[0], "carol");
        using var signedIn = await first.Http.GetAsync("v1/clusters/", Token);
        string cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"), c => c.StartsWith("dask-gateway=", StringComparison.Ordinal)).Split(';')[0];
        foreach (var replica in Site.Replicas)
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{replica.Url}/api/v1/clusters/");
            request.Headers.Add("Cookie", cookie);
            using var answer = await http.SendAsync(request, Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Cluster_CreatedThroughOneReplica_WakesWaitersAndHasItsRouteOnAll()
    {
        using var alice = new Person(Site.Replicas[0]);
        string name = await alice.CreateAsync(Token);
        string[] states = await Task.WhenAll(Site.Replicas.Select(async replica =>
        {
            using var person = new Person(replica);
            return await person.StatusAsync(name, wait: true, Token);
        }));
        Assert.All(states, s => Assert.Equal("RUNNING", s));
        foreach (var replica in Site.Replicas)
        {
            await Eventually.TrueAsync(async () => await SchedulerDoor.AskAsync(replica, name, Token) == name, $"{replica.Name} knows the way to the scheduler", Token);
        }

        using var other = new Person(Site.Replicas[^1]);
        using var deleted = await other.Http.DeleteAsync($"v1/clusters/{name}", Token);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        foreach (var replica in Site.Replicas)
        {
            await Eventually.TrueAsync(async () => (await SchedulerDoor.AskAsync(replica, name, Token)).Length == 0, $"{replica.Name} has forgotten the way", Token);
        }
    }

    [Fact]
    public async Task Duties_OfTenReplicas_AreEachHeldByOneThatLives()
    {
        string? holder = null;
        await Eventually.TrueAsync(async () => (holder = await HolderAsync()) is not null, "somebody watches the batch system", Token);
        var replica = Site.Replicas.Single(r => r.Name == holder);
        await replica.KillAsync();
        await Eventually.TrueAsync(async () => await HolderAsync() is { } heir && heir != replica.Name, "another one has taken over", Token);
        await Site.StartAllAsync(Token);

        async Task<string?> HolderAsync() => (await Site.QueryAsync(
            "SELECT split_part(owner, '.', 1) FROM duties WHERE name = 'monitor:jobs' AND until > extract(epoch FROM clock_timestamp()) * 1000000", Token)).SingleOrDefault()?[0];
    }

    public sealed class TenReplicas : SiteFixture
    {
        private protected override Task<GatewaySite> StartAsync() => GatewaySite.StartAsync(10, null, CancellationToken.None);
    }
}
