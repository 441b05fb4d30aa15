using System.Diagnostics;
using System.Globalization;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteHeartbeatLoadTests(SharedSqlite shared) : HeartbeatLoadTests(shared.TakeAsync);

public sealed class PostgresHeartbeatLoadTests(SharedPostgres server) : HeartbeatLoadTests(server.TakeAsync);

/// <summary>Only when asked for (<c>-explicit only</c>): what one round of heartbeats of 10,000 clusters with ten workers each costs.</summary>
public abstract class HeartbeatLoadTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    private const int Clusters = 10_000;
    private const int Batch = 500;

    [Fact(Explicit = true)]
    public async Task Record_RoundsOfTenThousandClusters_ReportTheirTime()
    {
        var names = Enumerable.Range(0, Clusters).Select(i => $"cluster{i:000000000}").ToList();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token }, async (n, t) => await Store.Clusters.CreateAsync(NewCluster(n), t));
        for (int round = 0; round < 6; round++)
        {
            // Something new from everybody, then twice nothing new.
            int hash = round / 3;
            long begun = Stopwatch.GetTimestamp();
            var cpu = Environment.CpuUsage.TotalTime;
            foreach (var batch in names.Chunk(Batch))
            {
                await Store.Clusters.RecordHeartbeatsAsync([.. batch.Select(n => Beat(n, round, hash))], Token);
            }

            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round} ({(round % 3 == 0 ? "all new" : "nothing new")}): {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds:0} ms of this process' CPU"));
        }

        Assert.Equal($"{Clusters}", await Database.ReadAsync("SELECT count(*) FROM cluster_inbox WHERE sequence = 5 AND heartbeat_hash = 1", Token));
        Assert.Equal($"{3 * Clusters}", await Database.ReadAsync("SELECT sum(wake) FROM cluster_inbox", Token));
    }

    private static ReceivedHeartbeat Beat(string cluster, int sequence, int hash) => new(
        cluster,
        new Heartbeat
        {
            SchedulerAddress = "tls://10.0.0.1:8786",
            DashboardAddress = "http://10.0.0.1:8787",
            ApiAddress = "http://10.0.0.1:8788",
            Count = 10,
            Active = [.. Enumerable.Range(0, 10).Select(i => $"{cluster}-worker{i}")],
            Incarnation = "one",
            Sequence = sequence,
        },
        hash);
}
