using Gateway.Core.Store;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>A database that answers or does not.</summary>
internal sealed class FakeDatabase(FakeStore store) : IGatewayStore
{
    public int Pings { get; private set; }

    public Task MigrateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<GatewayIdentity> OpenAsync(CancellationToken cancellationToken) => Task.FromResult(new GatewayIdentity("fake"));

    public Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken)
    {
        Pings++;
        return store.IsSilent ? throw new StoreUnavailableException("The fake database is down.") : Task.FromResult(FakeStore.CreatedAt);
    }

    public Task<IReadOnlyList<ReplicaInfo>> ReplicasAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ReplicaInfo>>([]);

    public Task<KeyRotation> RotateKeysAsync(string? after, int max, CancellationToken cancellationToken) =>
        throw new NotSupportedException("There are no keys here.");
}
