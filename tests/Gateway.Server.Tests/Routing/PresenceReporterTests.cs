using Gateway.Core.Dask;
using Gateway.Proxy.Presence;
using Gateway.Server.Routing;

namespace Gateway.Server.Tests.Routing;

public sealed class PresenceReporterTests
{
    private static readonly DateTimeOffset Told = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Present_BetweenTwoReports_CountsWhoIsThereAndWhoWasThereMeanwhile()
    {
        ClusterPresence[] clusters =
        [
            new("open", 3, Told.AddHours(-1)),
            new("came-and-went", 0, Told.AddSeconds(1)),
            new("left-before", 0, Told.AddSeconds(-1)),
            new("never", 0, null),
            new("workers" + DaskJobs.WorkerNameSuffix, 5, null),
        ];

        Assert.Equal(new Dictionary<string, int> { ["open"] = 3, ["came-and-went"] = 1 }, PresenceReporter.Present(clusters, Told));
    }
}
