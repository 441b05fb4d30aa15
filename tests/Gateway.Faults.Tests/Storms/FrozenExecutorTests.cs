using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>A replica is frozen with a start in its hands, for so long that another takes the start over; then it wakes.</summary>
public sealed class FrozenExecutorTests
{
    /// <param name="at">Where it freezes: before it has looked at the clock, or after, with the call of the batch system as its very next instruction.</param>
    /// <param name="starts">How often the worker's job is submitted in all.</param>
    [Theory]
    [InlineData("IJobStore.SnapshotsAsync:freeze-after:2", 1)]
    [InlineData("IJobBackend.StartAsync:freeze-before:2", 2)]
    public async Task Executor_FrozenBeyondItsClaim_LeavesOneJobOfEachName(string at, int starts)
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        var token = TestContext.Current.CancellationToken;
        await using var site = await GatewaySite.StartAsync(2, null, token);
        var (frozen, other) = (site.Replicas[0], site.Replicas[1]);
        await Task.WhenAll(frozen.KillAsync(), other.KillAsync());
        frozen.Start(new Dictionary<string, string>
        {
            ["env:FAULTS_CRASH_AT"] = at,
            ["env:DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Gateway.Faults.Backend.dll"),
        });
        Assert.True(await frozen.IsReadyAsync(token));
        using var alice = new Person(frozen);
        string cluster = await alice.RunClusterAsync(site, 0, token);

        // The first start was the scheduler's, the second one is the worker's. Its answer may be frozen with it.
        var scaled = alice.ScaleAsync(cluster, 1, token);
        await Eventually.TrueAsync(() => Task.FromResult(frozen.IsFrozen), "the replica freezes", token);
        other.Start();
        Assert.True(await other.IsReadyAsync(token));
        await Eventually.TrueAsync(async () => await Person.ConnectedAsync(site, cluster, token) == 1, "the other replica starts the worker", token);
        string worker = Assert.Single(await site.QueryAsync($"SELECT name FROM workers WHERE cluster = '{cluster}'", token))[0];

        frozen.Thaw();
        await scaled;
        await Eventually.TrueAsync(
            async () => starts > 1 ? await SubmittedAsync() == starts : (await File.ReadAllTextAsync(frozen.LogFile, token)).Contains("Not tried", StringComparison.Ordinal),
            "the frozen replica has gone on",
            token);
        await Eventually.TrueAsync(
            async () => RunningJob.All(site.Jobs).Count(j => j.Name == worker) == 1
                && (await Invariants.BrokenAsync(site, new Dictionary<string, int?> { [cluster] = 1 }, token)).All(b => b.Contains("was started", StringComparison.Ordinal)),
            "there is one job of each name again",
            token);

        Assert.Equal(starts, await SubmittedAsync());
        string handle = Assert.Single(await site.QueryAsync($"SELECT handle FROM jobs WHERE name = '{worker}' AND state = 'Running'", token))[0];
        Assert.Equal(handle, Assert.Single(RunningJob.All(site.Jobs), j => j.Name == worker).Handle);
        Assert.Equal(worker, Assert.Single(await site.QueryAsync($"SELECT name FROM workers WHERE cluster = '{cluster}'", token))[0]);

        async Task<int> SubmittedAsync() =>
            (await File.ReadAllLinesAsync(Path.Combine(site.Jobs, "starts.log"), token)).Count(l => l.StartsWith($"{worker} ", StringComparison.Ordinal));
    }
}
