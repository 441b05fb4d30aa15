namespace Gateway.Core.Store;

/// <summary>The database as a whole.</summary>
public interface IGatewayStore
{
    /// <summary>Brings the schema up to date, under a lock so that replicas starting together do it once.</summary>
    /// <exception cref="StoreUnavailableException">The database did not answer.</exception>
    Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Checks that this version can serve the schema, and reads (or makes) the gateway's identity. Migrates first where that is configured.</summary>
    /// <exception cref="StoreUnavailableException">The database did not answer.</exception>
    /// <exception cref="StoreInUseException">Another process uses the embedded database.</exception>
    /// <exception cref="SchemaMismatchException">The schema is newer or older than this version can serve.</exception>
    Task<GatewayIdentity> OpenAsync(CancellationToken cancellationToken);

    /// <summary>A round trip; returns the store's clock.</summary>
    Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken);

    /// <summary>Replicas whose pulse is not older than a minute.</summary>
    Task<IReadOnlyList<ReplicaInfo>> ReplicasAsync(CancellationToken cancellationToken);

    /// <summary>Re-encrypts rows under the first key, some at a time, while others go on reading and writing them.</summary>
    /// <param name="after">Null to begin, then <see cref="KeyRotation.Next"/> of the batch before.</param>
    /// <param name="max">Most rows looked at.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<KeyRotation> RotateKeysAsync(string? after, int max, CancellationToken cancellationToken);
}
