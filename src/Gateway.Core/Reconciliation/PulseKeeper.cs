using Gateway.Core.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Notes, again and again, that heartbeats can be taken: a gap of ours is not held against schedulers.</summary>
internal sealed partial class PulseKeeper(
    IJobStore store, IDutyStore duties, ReplicaName replica, ReconcilerSettings settings, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<PulseKeeper> logger)
    : LoopService(time, lifetime, logger)
{
    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        await store.PulseAsync(replica.Value, replica.Version, settings.PulseGap, cancellationToken);
        return settings.PulsePeriod;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await duties.GiveUpAsync(replica.Value, cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            LogNotGivenUp(Logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This replica's duties could not be given up; others take them when they run out. {Reason}")]
    private static partial void LogNotGivenUp(ILogger logger, string reason);
}
