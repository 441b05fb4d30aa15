using System.Diagnostics;
using System.Globalization;
using System.Net;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

/// <summary>What one replica does is so on all of them.</summary>
public sealed class ManyReplicasTests(ManyReplicasTests.TenReplicas fixture, ITestOutputHelper output) : IClassFixture<ManyReplicasTests.TenReplicas>
{
    private const int UsersPerReplica = 2;
    private const int PoolSize = 8;

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

        // At the first try: readings each half minute would tell ten replicas of it at ten times, and no connection waits for that long.
        Assert.All(await Task.WhenAll(Site.Replicas.Select(r => SchedulerDoor.AskAsync(r, name, Token))), answer => Assert.Equal(name, answer));

        using var other = new Person(Site.Replicas[^1]);
        using var deleted = await other.Http.DeleteAsync($"v1/clusters/{name}", Token);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Task.WhenAll(Site.Replicas.Select(replica =>
            Eventually.TrueAsync(async () => (await SchedulerDoor.AskAsync(replica, name, Token)).Length == 0, $"{replica.Name} has forgotten the way", Token)));
    }

    [Fact(Explicit = true)]
    public async Task Figure_RouteOfANewCluster_OnAllReplicas()
    {
        var times = new List<double>();
        using var alice = new Person(Site.Replicas[0]);
        for (int i = 0; i < 20; i++)
        {
            string name = await alice.CreateAsync(Token);
            Assert.Equal("RUNNING", await alice.StatusAsync(name, wait: true, Token));
            long begun = Stopwatch.GetTimestamp();
            Assert.All(await Task.WhenAll(Site.Replicas.Select(r => SchedulerDoor.AskAsync(r, name, Token))), answer => Assert.Equal(name, answer));
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{name}", Token);
        }

        times.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"From RUNNING told by one replica to an answer of the scheduler through each of {Site.Replicas.Count}: median {times[times.Count / 2]:0} ms, longest {times[^1]:0} ms."));
    }

    /// <summary>All that waited comes back at once, and each replica keeps to the connections that it may have.</summary>
    [Fact]
    public async Task Postgres_BackAfterUsersOfTenReplicasHaveWaited_IsNotRunOver()
    {
        using var alice = new Person(Site.Replicas[0]);
        string name = await alice.RunClusterAsync(Site, 0, Token);
        var people = Site.Replicas.SelectMany(r => Enumerable.Range(0, UsersPerReplica).Select(_ => new Person(r))).ToList();

        await Site.Postgres.CrashAsync(Token);
        var waiting = people.ConvertAll(p => p.StatusAsync(name, wait: false, Token));
        await Task.Delay(TimeSpan.FromSeconds(5), Token);
        Assert.All(waiting, w => Assert.False(w.IsCompleted));
        await Site.Postgres.StartAgainAsync(Token);

        Assert.All(await Task.WhenAll(waiting), status => Assert.Equal("RUNNING", status));
        foreach (var replica in Site.Replicas)
        {
            Assert.True(await replica.IsReadyAsync(Token));
        }

        // A server that has crashed counts anew: these are all that were made since. A pool may be filled twice, for an answer that was lost clears it.
        var sessions = int.Parse(Assert.Single(await Site.QueryAsync("SELECT sessions FROM pg_stat_database WHERE datname = current_database()", Token))[0], CultureInfo.InvariantCulture);
        var now = await Site.QueryAsync("SELECT application_name, count(*) FROM pg_stat_activity WHERE application_name ~ '^r[0-9]+[.]' GROUP BY 1", Token);
        output.WriteLine($"{people.Count} users, {Site.Replicas.Count} replicas: {sessions} sessions since the server came back; now {string.Join(", ", now.Select(n => $"{n[0]} {n[1]}"))}.");
        Assert.Equal(Site.Replicas.Count, now.Count);
        Assert.All(now, n => Assert.InRange(int.Parse(n[1], CultureInfo.InvariantCulture), 1, PoolSize));
        Assert.InRange(sessions, Site.Replicas.Count, 2 * Site.Replicas.Count * PoolSize);
        people.ForEach(p => p.Dispose());
        using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{name}", Token);
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
        private protected override Task<GatewaySite> StartAsync() => GatewaySite.StartAsync(
            10, new Dictionary<string, string> { ["Proxy:RouteWait"] = "00:00:10", ["Storage:MaxPoolSize"] = $"{PoolSize}" }, CancellationToken.None);
    }
}
