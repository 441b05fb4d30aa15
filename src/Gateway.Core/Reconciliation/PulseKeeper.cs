using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Notes, again and again, that heartbeats can be taken: a gap of ours is not held against schedulers.</summary>
internal sealed class PulseKeeper(
    IJobStore store, HearingLoss hearing, ReplicaName replica, ReconcilerSettings settings, PlannerSettings planner, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<PulseKeeper> logger)
    : LoopService(time, lifetime, logger)
{
    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        // A pulse with no gap allowed begins hearing anew, for all clusters: heartbeats reached us that we could not store.
        bool lost = hearing.Take();
        try
        {
            await store.PulseAsync(replica.Value, replica.Version, lost ? TimeSpan.Zero : Gap, cancellationToken);
        }
        catch
        {
            if (lost)
            {
                hearing.Note();
            }

            throw;
        }

        return settings.PulsePeriod;
    }

    /// <summary>Well below what schedulers may be silent for: a gap of ours that goes unnoticed would be taken for theirs.</summary>
    private TimeSpan Gap
    {
        get
        {
            var most = planner.HeartbeatTimeout / 2;
            var least = settings.PulsePeriod * 2;
            return settings.PulseGap < most ? settings.PulseGap : most > least ? most : least;
        }
    }
}
