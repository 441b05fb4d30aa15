using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Server.Api.Health;

namespace Gateway.Server.Hosting;

/// <summary>Whether some replica takes clusters that are due: the longest overdue tells it of all replicas at once.</summary>
internal sealed class LeasesProbe(IReconcileStore store, ReconcilerSettings settings) : IHealthProbe
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(15);

    public string Name => "leases";

    public bool IsCritical => false;

    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (now, dueAt) = await store.NextDueAsync(cancellationToken);
            var overdue = now - (dueAt ?? now);
            return overdue > settings.Lease + Margin ? $"a cluster has been due for {overdue.TotalSeconds:0} s and no replica takes it" : null;
        }
        catch (StoreUnavailableException)
        {
            return null; // the database's own check says so
        }
    }
}
