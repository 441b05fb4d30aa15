using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

public sealed class FailoverTests
{
    [Fact]
    public async Task Primary_DiesAndItsStandbyIsPromoted_EverythingGoesOnThere()
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        var token = TestContext.Current.CancellationToken;
        await using var site = await GatewaySite.StartAsync(2, null, token, standby: true);
        using var alice = new Person(site.Replicas[0]);
        string cluster = await alice.RunClusterAsync(site, 1, token);
        await Eventually.TrueAsync(
            async () => (await site.Standby!.RunToolAsync("psql", ["-d", site.Database, "-Atc", "SELECT count(*) FROM workers WHERE phase = 'Connected'"], token)).Trim() == "1",
            "the standby has caught up",
            token);

        await site.FailOverAsync(token);

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await alice.Http.GetAsync("health/ready", token);
                return answer.IsSuccessStatusCode;
            },
            "the gateway has found the new primary",
            token);
        Assert.Equal("RUNNING", await alice.StatusAsync(cluster, wait: false, token));
        await alice.ScaleAsync(cluster, 2, token);
        await Eventually.TrueAsync(
            async () => (await Invariants.BrokenAsync(site, new Dictionary<string, int?> { [cluster] = 2 }, token)).Count == 0, "the cluster has both workers", token);
    }
}
