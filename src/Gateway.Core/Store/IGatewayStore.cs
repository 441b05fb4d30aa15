namespace Gateway.Core.Store;

/// <summary>The database as a whole.</summary>
public interface IGatewayStore
{
    /// <summary>Brings the schema up to date, under a lock so that replicas starting together do it once.</summary>
    /// <exception cref="StoreUnavailableException">The database did not answer.</exception>
    Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Checks that this version can serve the schema, and reads (or makes) the gateway's identity.</summary>
    /// <exception cref="SchemaMismatchException">The schema is newer or older than this version can serve.</exception>
    Task<GatewayIdentity> OpenAsync(CancellationToken cancellationToken);

    /// <summary>A round trip; returns the store's clock.</summary>
    Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken);

    /// <summary>Replicas whose pulse is not older than a minute.</summary>
    Task<IReadOnlyList<ReplicaInfo>> ReplicasAsync(CancellationToken cancellationToken);
}
