using Gateway.Core.Backends;
using Gateway.Core.Store;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>Where a gateway is killed: before and after each method that has an effect, of every contract that it has effects through.</summary>
internal static class CrashPoints
{
    /// <summary>What a gateway reads, keeps and moves the world with.</summary>
    public static readonly Type[] Contracts =
        [typeof(IClusterStore), typeof(IReconcileStore), typeof(IJobStore), typeof(IDutyStore), typeof(IGatewayStore), typeof(IProtectionKeyStore), typeof(IJobBackend)];

    /// <summary>Methods that change nothing: to die around one is to die after the effect before it, or before the one that follows.</summary>
    public static readonly string[] Reads =
    [
        "IClusterStore.FindAsync", "IClusterStore.ListAsync", "IClusterStore.CredentialsAsync", "IClusterStore.TokenAsync", "IClusterStore.EventsAsync",
        "IClusterStore.WorkersAsync", "IClusterStore.JobAsync", "IClusterStore.RoutesAsync", "IClusterStore.UserNamesAsync",
        "IReconcileStore.NextDueAsync", "IReconcileStore.LoadAsync",
        "IJobStore.SnapshotsAsync", "IJobStore.LiveJobsAsync", "IJobStore.LiveJobsByNameAsync", "IJobStore.KnownJobsAsync", "IJobStore.UncleanJobsAsync",
        "IGatewayStore.PingAsync", "IGatewayStore.ReplicasAsync", "IProtectionKeyStore.GetAllAsync",
        "IJobBackend.ProbeAsync", "IJobBackend.CheckSpecAsync", "IJobBackend.ListAsync", "IJobBackend.DescribeAsync", "IJobBackend.ReadLogAsync", "IJobBackend.WatchAsync",
    ];

    /// <summary>Methods of commands, which no replica calls while it serves.</summary>
    public static readonly string[] Commands = ["IGatewayStore.MigrateAsync", "IGatewayStore.RotateKeysAsync"];

    /// <summary>In the order in which they are met; those that come late in a cluster's life, and once more after others, at later calls.</summary>
    public static readonly IReadOnlyList<CrashSite> All =
    [
        .. Around("IGatewayStore.OpenAsync"),
        .. Around("IClusterStore.CreateAsync"),
        .. Around("IReconcileStore.ClaimAsync"),
        .. Around("IReconcileStore.SaveAsync", 1, 2, 4, 7),
        .. Around("IReconcileStore.RestAsync", 1, 3),
        .. Around("IJobStore.ClaimOutboxAsync", 1, 5),
        .. Around("IJobBackend.StartAsync", 1, 3),
        .. Around("IJobStore.FinishOutboxAsync", 1, 3),
        .. Around("IJobBackend.CheckAddressAsync"),
        .. Around("IClusterStore.RecordHeartbeatsAsync", 2),
        .. Around("IClusterStore.AppendEventsAsync"),
        .. Around("IJobStore.RecordJobsAsync"),
        .. Around("IJobStore.RecordListingAsync"),
        .. Around("IJobStore.PulseAsync", 2),
        .. Around("IDutyStore.TakeAsync"),
        .. Around("IClusterStore.RequestStopAsync"),
        .. Around("IJobBackend.StopAsync"),
        .. Around("IJobBackend.CleanAsync"),
        .. Around("IJobStore.MarkCleanAsync"),
        .. Around("IJobStore.RecordClientsAsync"),

        // A first request of somebody new.
        .. Around("IClusterStore.EnsureUserAsync").Select(s => s with { During = AskAsSomebodyNewAsync }),

        // Without keys for sessions it makes one.
        .. Around("IProtectionKeyStore.StoreAsync").Select(s => s with { Before = "DELETE FROM protection_keys", During = AskAsSomebodyNewAsync }),

        // A cluster that cannot be read is given back; here it is one that has no row of its own.
        .. Around("IReconcileStore.ReleaseAsync").Select(s => s with
        {
            Before = "INSERT INTO cluster_inbox (cluster, desired, stop_failed, ended, wake, due_at, generation, clients) VALUES ('ghost', 'Running', FALSE, FALSE, 1, 0, 0, 0)",
            After = "DELETE FROM cluster_inbox WHERE cluster = 'ghost'",
        }),

        // One that ended long ago, with a history to forget.
        .. Around("IJobStore.RemoveEndedAsync").Select((s, i) => s with
        {
            Before = $"""
                INSERT INTO clusters SELECT (jsonb_populate_record(c, jsonb_build_object('name', 'old{i}', 'phase', 'Stopped', 'ended_at', 1))).* FROM clusters AS c LIMIT 1;
                INSERT INTO cluster_inbox (cluster, desired, stop_failed, ended, wake, generation, clients) VALUES ('old{i}', 'Stopped', FALSE, TRUE, 0, 0, 0);
                INSERT INTO events (cluster, at, kind, message) VALUES ('old{i}', 1, 'test', 'Long ago.')
                """,
        }),

        // When it is told to stop.
        .. Around("IDutyStore.GiveUpAsync").Select(s => s with
        {
            During = async (site, token) =>
            {
                if (await site.Replicas[0].IsReadyAsync(token))
                {
                    site.Replicas[0].Terminate();
                }
            },
        }),
    ];

    private static IEnumerable<CrashSite> Around(string method, params int[] calls) =>
        from call in calls.DefaultIfEmpty(1) from when in new[] { "before", "after" } select new CrashSite(method, $"{method}:{when}:{call}");

    private static async Task AskAsSomebodyNewAsync(GatewaySite site, CancellationToken cancellationToken)
    {
        if (await site.Replicas[0].IsReadyAsync(cancellationToken))
        {
            using var person = new Load.Person(site.Replicas[0], $"p{Guid.NewGuid():N}");
            try
            {
                using var answer = await person.Http.GetAsync("v1/clusters/", cancellationToken);
            }
            catch (HttpRequestException)
            {
                // It has died of it.
            }
        }
    }
}
