using Gateway.Core.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Notes, again and again, that heartbeats can be taken: a gap of ours is not held against schedulers.</summary>
internal sealed class PulseKeeper(
    IJobStore store, ReplicaName replica, ReconcilerSettings settings, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<PulseKeeper> logger)
    : LoopService(time, lifetime, logger)
{
    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        await store.PulseAsync(replica.Value, replica.Version, settings.PulseGap, cancellationToken);
        return settings.PulsePeriod;
    }
}
