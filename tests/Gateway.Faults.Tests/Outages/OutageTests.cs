using System.Globalization;
using System.Net;
using System.Text.Json;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

public sealed class OutageTests(SiteFixture fixture) : IClassFixture<SiteFixture>, IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GatewaySite Site => fixture.Site;

    /// <summary>Whatever the test before has left: one that fails must not make the others fail.</summary>
    public async ValueTask InitializeAsync() => await Site.StartAllAsync(Token);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Postgres_FrozenForLongerThanSchedulersMayBeSilent_IsToldInBoundedTimeAndFailsNoCluster()
    {
        using var alice = new Person(Site.Replicas[0]);
        string cluster = await alice.RunClusterAsync(Site, 1, Token);

        Site.Postgres.Freeze();
        try
        {
            using var listed = await alice.Http.GetAsync("v1/clusters/", Token);
            using var health = await alice.Http.GetAsync("health", Token);
            using var ready = await alice.Http.GetAsync("health/ready", Token);
            using var live = await alice.Http.GetAsync("health/live", Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, listed.StatusCode);
            Assert.NotNull(listed.Headers.RetryAfter);
            Assert.Contains("database", await listed.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
            Assert.Contains("database", await health.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);

            // Longer than Lifecycle:HeartbeatTimeout of this site: what counts is that no heartbeat was stored for so long.
            await Task.Delay(TimeSpan.FromSeconds(8), Token);
        }
        finally
        {
            Site.Postgres.Thaw();
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await alice.Http.GetAsync("health", Token);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "the gateway is well again",
            Token);

        // Heartbeats come each second: a few later the silence would have been judged.
        string before = await HeardAsync(cluster);
        await Eventually.TrueAsync(async () => await HeardAsync(cluster) != before, "a heartbeat is stored", Token);
        Assert.Equal("RUNNING", await alice.StatusAsync(cluster, wait: false, Token));
        Assert.Equal(1, await Person.ConnectedAsync(Site, cluster, Token));
        using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{cluster}", Token);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task Heartbeats_ThatCannotBeStoredWhileReplicasPulse_AreNotTakenForSilence()
    {
        using var alice = new Person(Site.Replicas[0]);
        string cluster = await alice.RunClusterAsync(Site, 0, Token);
        string before = await HeardAsync(cluster);

        // Replicas pulse all the while; only this cluster's row cannot be written, for longer than its scheduler may be silent.
        await Site.ExecuteAsync($"BEGIN; SELECT 1 FROM cluster_inbox WHERE cluster = '{cluster}' FOR UPDATE; SELECT pg_sleep(9); COMMIT", Token);

        await Eventually.TrueAsync(async () => await HeardAsync(cluster) != before, "a heartbeat is stored again", Token);
        before = await HeardAsync(cluster);
        await Eventually.TrueAsync(async () => await HeardAsync(cluster) != before, "another one is stored", Token);
        Assert.Equal("RUNNING", await alice.StatusAsync(cluster, wait: false, Token));
        using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{cluster}", Token);
    }

    [Fact]
    public async Task BatchSystem_ThatTakesAJobAndNeverAnswers_IsToldInHealthAndTimelineAndAskedForItLater()
    {
        using var alice = new Person(Site.Replicas[0]);
        string mute = Path.Combine(Site.Jobs, "mute");
        await File.WriteAllTextAsync(mute, "", Token);
        string name;
        try
        {
            name = await alice.CreateAsync(Token);
            await Eventually.TrueAsync(
                async () => (await Site.QueryAsync($"SELECT message FROM events WHERE cluster = '{name}'", Token)).Any(e => e[0].Contains("'jobs' does not answer", StringComparison.Ordinal)),
                "its owner reads that the batch system does not answer",
                Token);
            var healths = await Task.WhenAll(Site.Replicas.Select(async replica =>
            {
                using var person = new Person(replica);
                using var answer = await person.Http.GetAsync("health", Token);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token)).RootElement;
            }));
            Assert.Contains(healths, h => h.GetProperty("status").GetString() == "warn" && h.GetProperty("checks").GetRawText().Contains("failed", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(mute);
        }

        Assert.Equal("RUNNING", await alice.StatusAsync(name, wait: true, Token));
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Site.Jobs, "starts.log"), Token), l => l.StartsWith($"{name} ", StringComparison.Ordinal));
        using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{name}", Token);
    }

    [Fact]
    public async Task Cluster_ThatIsDueAndThatNobodyTakes_IsToldByHealth()
    {
        using var alice = new Person(Site.Replicas[0]);

        // Due long ago, and a trigger keeps every replica from taking it.
        await Site.ExecuteAsync(
            """
            CREATE OR REPLACE FUNCTION refuse_ghost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
            INSERT INTO cluster_inbox (cluster, desired, stop_failed, ended, wake, generation, clients) VALUES ('ghost', 'Running', FALSE, FALSE, 1, 0, 0);
            UPDATE cluster_inbox SET due_at = 0 WHERE cluster = 'ghost';
            CREATE TRIGGER refuse_ghost BEFORE UPDATE ON cluster_inbox FOR EACH ROW WHEN (OLD.cluster = 'ghost') EXECUTE FUNCTION refuse_ghost()
            """,
            Token);
        try
        {
            await Eventually.TrueAsync(
                async () => (await alice.Http.GetStringAsync("health", Token)).Contains("no replica takes it", StringComparison.Ordinal), "health tells of it", Token);
        }
        finally
        {
            await Site.ExecuteAsync("DROP TRIGGER refuse_ghost ON cluster_inbox; DELETE FROM cluster_inbox WHERE cluster = 'ghost'", CancellationToken.None);
        }

        await Eventually.TrueAsync(
            async () => !(await alice.Http.GetStringAsync("health", Token)).Contains("no replica takes it", StringComparison.Ordinal), "health is well again", Token);
    }

    [Fact]
    public async Task Replica_ToldToStop_GivesLeasesAndDutiesBackAndLeavesClustersRunning()
    {
        var (leaving, staying) = (Site.Replicas[0], Site.Replicas[1]);
        using var alice = new Person(staying);
        string cluster = await alice.RunClusterAsync(Site, 2, Token);

        leaving.Terminate();
        int code = await leaving.EndedAsync(Token);

        Assert.Equal(0, code);
        Assert.Empty(await Site.QueryAsync($"SELECT cluster FROM cluster_inbox WHERE starts_with(lease_owner, '{leaving.Name}.')", Token));
        Assert.Empty(await Site.QueryAsync($"SELECT name FROM duties WHERE starts_with(owner, '{leaving.Name}.')", Token));
        Assert.Equal(3, RunningJob.All(Site.Jobs).Count(j => j.Cluster == cluster));
        await alice.ScaleAsync(cluster, 1, Token);
        await Eventually.TrueAsync(async () => await Person.ConnectedAsync(Site, cluster, Token) == 1, "the other replica goes on", Token);
        using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{cluster}", Token);
        await Site.StartAllAsync(Token);
    }

    [Fact]
    public async Task Replicas_OfOneDatabase_AreListedForAdministratorsAlone()
    {
        using var alice = new Person(Site.Replicas[0]);
        using var refused = await alice.Http.GetAsync("v1/admin/replicas", Token);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using var root = new Person(Site.Replicas[1], "root");
        var list = JsonDocument.Parse(await root.Http.GetStringAsync("v1/admin/replicas", Token)).RootElement.GetProperty("replicas").EnumerateArray().ToList();
        foreach (var replica in Site.Replicas)
        {
            Assert.Contains(list, line => line.GetProperty("name").GetString()!.StartsWith(replica.Name + ".", StringComparison.Ordinal)
                && line.GetProperty("version").GetString()!.Length > 0 && line.GetProperty("start_time").GetInt64() <= line.GetProperty("last_seen").GetInt64());
        }
    }

    /// <summary>The next version has migrated already: to a shape that this one can serve, or to itself again.</summary>
    [Fact]
    public async Task Replica_OnASchemaOneLevelNewerThatItCanServe_Serves()
    {
        var replica = Site.Replicas[0];
        await replica.KillAsync();
        var before = await Site.QueryAsync("SELECT name, value FROM facts", Token);
        int level = int.Parse(before.Single(f => f[0] == "schema_level")[1], CultureInfo.InvariantCulture);
        await Site.ExecuteAsync(
            $"""
            UPDATE facts SET value = '{level + 1}' WHERE name = 'schema_level';
            UPDATE facts SET value = '{level}' WHERE name = 'schema_compatible_level';
            ALTER TABLE clusters ADD COLUMN of_the_next_version text DEFAULT 'x';
            ALTER TABLE jobs ADD COLUMN of_the_next_version bigint
            """,
            Token);
        try
        {
            await Site.StartAllAsync(Token);
            using var alice = new Person(replica);
            string cluster = await alice.RunClusterAsync(Site, 1, Token);
            using var deleted = await alice.Http.DeleteAsync($"v1/clusters/{cluster}", Token);
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }
        finally
        {
            await PutBackAsync(before);
        }
    }

    [Theory]
    [InlineData("UPDATE facts SET value = '9999' WHERE name IN ('schema_level', 'schema_compatible_level')", "Start a newer version", "true")]
    [InlineData("UPDATE facts SET value = '0' WHERE name = 'schema_level'", "gateway migrate", "false")]
    public async Task Replica_OnASchemaThatItCannotServe_SaysSoAndDoesNotStart(string change, string advice, string migrate)
    {
        var replica = Site.Replicas[0];
        await replica.KillAsync();
        var before = await Site.QueryAsync("SELECT name, value FROM facts", Token);
        await Site.ExecuteAsync(change, Token);
        try
        {
            replica.Start(new Dictionary<string, string> { ["Storage:MigrateOnStart"] = migrate });
            Assert.Equal(1, await replica.EndedAsync(Token));
            Assert.Contains(advice, (await File.ReadAllLinesAsync(replica.LogFile, Token))[^1], StringComparison.Ordinal);
        }
        finally
        {
            await PutBackAsync(before);
        }

        await Site.StartAllAsync(Token);
    }

    private async Task PutBackAsync(IReadOnlyList<string[]> facts)
    {
        foreach (string[] fact in facts)
        {
            await Site.ExecuteAsync($"UPDATE facts SET value = '{fact[1]}' WHERE name = '{fact[0]}'", CancellationToken.None);
        }
    }

    private async Task<string> HeardAsync(string cluster) =>
        (await Site.QueryAsync($"SELECT heartbeat_at FROM cluster_inbox WHERE cluster = '{cluster}'", Token))[0][0];
}
