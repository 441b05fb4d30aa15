using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Store;

/// <summary>What users, schedulers and their readers do with clusters: intents and observations in, views out.</summary>
/// <remarks>All methods throw <see cref="StoreUnavailableException"/> when the database does not answer in its bounded time.</remarks>
public interface IClusterStore
{
    /// <summary>Takes a cluster on: row, inbox {desired = Running}, first event; wakes the reconciler.</summary>
    /// <returns>False: its owner has as many as <see cref="NewCluster.MaxOwned"/> allows, closing ones not counted; nothing is stored. However many replicas are asked at once.</returns>
    Task<bool> CreateAsync(NewCluster cluster, CancellationToken cancellationToken);

    /// <summary>One cluster, or null when it is unknown (or long ended).</summary>
    Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Clusters, newest first.</summary>
    Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken);

    /// <summary>Asks a cluster to stop and wakes the reconciler; nothing happens when it was asked before, has ended or is unknown.</summary>
    /// <param name="name">The cluster.</param>
    /// <param name="reason">A sentence for its owner.</param>
    /// <param name="failed">True when it ends because something went wrong: it becomes failed rather than stopped.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task RequestStopAsync(string name, string reason, bool failed, CancellationToken cancellationToken);

    /// <summary>Secrets of clusters; those of unknown clusters are left out.</summary>
    /// <exception cref="MissingKeyException">A row is encrypted under a key that is not configured.</exception>
    Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>What to compare a cluster's token with; null when the cluster is unknown.</summary>
    Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the latest heartbeats, in one transaction: closing names mark their jobs as expected to close, verdicts on addresses go to
    /// the schedulers' jobs, changed heartbeats wake the reconciler. Of several for one cluster the last counts; one with a lower sequence of the same incarnation than the stored one is dropped.
    /// Those of ended or unknown clusters are ignored.
    /// </summary>
    Task RecordHeartbeatsAsync(IReadOnlyList<ReceivedHeartbeat> heartbeats, CancellationToken cancellationToken);

    /// <summary>Adds lines to timelines.</summary>
    Task AppendEventsAsync(IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken);

    /// <summary>A cluster's timeline, oldest first.</summary>
    /// <param name="name">The cluster.</param>
    /// <param name="after">Only events with a higher id.</param>
    /// <param name="max">Most events.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<ClusterEvent>> EventsAsync(string name, long after, int max, CancellationToken cancellationToken);

    /// <summary>A cluster's workers with their jobs, newest first, ended ones included.</summary>
    Task<IReadOnlyList<WorkerView>> WorkersAsync(string name, int max, CancellationToken cancellationToken);

    /// <summary>The scheduler's or a worker's job by its name; null when no start was recorded.</summary>
    Task<Job?> JobAsync(string name, CancellationToken cancellationToken);

    /// <summary>Running clusters with their published addresses: all of them, or those named.</summary>
    Task<IReadOnlyList<Cluster>> RoutesAsync(IReadOnlyCollection<string>? names, CancellationToken cancellationToken);

    /// <summary>The user behind an identity, made at first sight.</summary>
    /// <param name="scheme">How the user signed in, such as <c>basic</c> or <c>jupyterhub</c>.</param>
    /// <param name="issuer">Who vouches for the subject; empty where there is only one.</param>
    /// <param name="subject">The user in the issuer's words; stable.</param>
    /// <param name="displayName">What to show.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject, string displayName, CancellationToken cancellationToken);

    /// <summary>Names to show for users.</summary>
    Task<IReadOnlyDictionary<Guid, string>> UserNamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);
}
