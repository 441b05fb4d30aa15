using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Proxy.Presence;

namespace Gateway.Server.Routing;

/// <summary>Tells the store how many clients are connected through this replica, by cluster, so that all replicas' sums can be judged.</summary>
internal sealed partial class PresenceReporter(
    IJobStore store, ConnectionPresence presence, ReplicaName replica, TimeProvider time, ILogger<PresenceReporter> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    var clients = presence.Snapshot()
                        .Where(p => p.Open > 0 && !p.Name.EndsWith(DaskJobs.WorkerNameSuffix, StringComparison.Ordinal))
                        .ToDictionary(p => p.Name, p => p.Open, StringComparer.Ordinal);
                    await store.RecordClientsAsync(replica.Value, clients, stoppingToken);
                }
                catch (StoreUnavailableException e)
                {
                    LogNotTold(logger, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The numbers of clients could not be stored: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string reason);
}
