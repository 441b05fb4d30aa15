using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

public sealed class RestoreTests
{
    /// <param name="replicasRun">Whether nobody has stopped the replicas, as the operator was told to.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OlderDump_RestoredWhileJobsRun_FindsItsClustersAgainAndSweepsJobsItDoesNotKnow(bool replicasRun)
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        var token = TestContext.Current.CancellationToken;
        await using var site = await GatewaySite.StartAsync(1, null, token);
        using var alice = new Person(site.Replicas[0]);
        string kept = await alice.RunClusterAsync(site, 1, token);
        string dump = await site.Postgres.RunToolAsync("pg_dump", ["-d", site.Database], token);

        // What the dump knows nothing of: another worker, and a whole cluster.
        await alice.ScaleAsync(kept, 2, token);
        await Eventually.TrueAsync(async () => await Person.ConnectedAsync(site, kept, token) == 2, "the second worker connects", token);
        string lost = await alice.RunClusterAsync(site, 1, token);
        var before = RunningJob.All(site.Jobs);
        string known = before.Single(j => j.Cluster == kept && j.Kind == "Scheduler").Name;

        if (!replicasRun)
        {
            await site.Replicas[0].KillAsync();
        }

        await RestoreAsync(site, dump, token);
        await site.StartAllAsync(token);

        Assert.Equal("RUNNING", await alice.StatusAsync(kept, wait: false, token));
        await Eventually.TrueAsync(() => Task.FromResult(!RunningJob.All(site.Jobs).Any(j => j.Cluster == lost)), "the cluster that the dump does not know is swept", token);
        await Eventually.TrueAsync(
            async () => (await Invariants.BrokenAsync(site, new Dictionary<string, int?> { [kept] = 2 }, token)).Count == 0,
            "the cluster that the dump knows has all that it was last asked for",
            token);
        Assert.Contains(RunningJob.All(site.Jobs), j => j.Name == known && before.Any(b => b.Pid == j.Pid));
    }

    private static async Task RestoreAsync(GatewaySite site, string dump, CancellationToken cancellationToken)
    {
        // Not in a private folder: Postgres' own user reads it.
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(file, dump, cancellationToken);
        try
        {
            await site.Postgres.RunToolAsync("dropdb", ["--force", site.Database], cancellationToken);
            await site.Postgres.RunToolAsync("createdb", ["-T", "template0", site.Database], cancellationToken);
            await site.Postgres.RunToolAsync("psql", ["-q", "-v", "ON_ERROR_STOP=1", "-d", site.Database, "-f", file], cancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
