using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Proxy.Presence;

namespace Gateway.Server.Routing;

/// <summary>Tells the store how many clients are connected through this replica, by cluster, so that all replicas' sums can be judged.</summary>
internal sealed partial class PresenceReporter(
    IJobStore store, ConnectionPresence presence, ReplicaName replica, ReconcilerSettings settings, TimeProvider time, ILogger<PresenceReporter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.PresencePeriod, time);
        var told = DateTimeOffset.MinValue;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    var now = time.GetUtcNow();
                    await store.RecordClientsAsync(replica.Value, Present(presence.Snapshot(), told), stoppingToken);
                    told = now;
                }
                catch (StoreUnavailableException e)
                {
                    LogNotTold(logger, e.Message);
                }
#pragma warning disable CA1031 // Counts that could not be stored are no reason to stop a gateway.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    LogFailed(logger, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Clients by cluster; one that came and went since the last time this was told counts too, else a user who calls now and then would never have been there.</summary>
    internal static IReadOnlyDictionary<string, int> Present(IEnumerable<ClusterPresence> clusters, DateTimeOffset told) => clusters
        .Where(p => (p.Open > 0 || p.LastClosed >= told) && !p.Name.EndsWith(DaskJobs.WorkerNameSuffix, StringComparison.Ordinal))
        .ToDictionary(p => p.Name, p => Math.Max(p.Open, 1), StringComparer.Ordinal);

    [LoggerMessage(Level = LogLevel.Error, Message = "Storing the numbers of clients failed unexpectedly")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The numbers of clients could not be stored: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string reason);
}
