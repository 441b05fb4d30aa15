using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>What the reconciler does: claim, load, save.</summary>
public interface IReconcileStore
{
    /// <summary>Leases of clusters that are due and not leased, most overdue first.</summary>
    /// <param name="replica">Who asks.</param>
    /// <param name="max">Most leases.</param>
    /// <param name="lease">How long they hold.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ClaimBatch> ClaimAsync(string replica, int max, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>When the next cluster becomes due (at once for one whose lease runs out first); null: none. With the store's clock.</summary>
    Task<(DateTimeOffset Now, DateTimeOffset? DueAt)> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Snapshots of claimed clusters, in a few queries for all. A row with a value this version does not know is left out.</summary>
    Task<IReadOnlyDictionary<string, ClusterSnapshot>> LoadAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken);

    /// <summary>Saves a plan and releases its lease.</summary>
    Task<SaveOutcome> SaveAsync(PlanSave plan, CancellationToken cancellationToken);

    /// <summary>
    /// Ends leases under which nothing was found to do, all at once: each cluster is due again at a time of its own (null: never), or now where it
    /// was woken since the claim. A lease that has run out, or that another holds by now, is left as it is.
    /// </summary>
    Task RestAsync(IReadOnlyList<(Claim Claim, DateTimeOffset? DueAt)> plans, CancellationToken cancellationToken);

    /// <summary>Gives leases back without a change; the clusters are due again at a time of the caller's.</summary>
    Task ReleaseAsync(IReadOnlyList<Claim> claims, DateTimeOffset dueAt, CancellationToken cancellationToken);
}
