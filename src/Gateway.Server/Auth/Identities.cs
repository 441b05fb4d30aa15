using Gateway.Core.Store;
using Gateway.Server.Caching;

namespace Gateway.Server.Auth;

/// <summary>From an identity to the user behind it, without asking the store each time.</summary>
internal sealed class Identities(IClusterStore store, TimeProvider time)
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private readonly BoundedCache<(string Scheme, string Subject), Guid> _cache = new(Capacity, time);

    /// <exception cref="StoreUnavailableException">The user is not remembered and the database does not answer.</exception>
    public async ValueTask<Guid> UserAsync(string scheme, string subject, CancellationToken cancellationToken)
    {
        if (_cache.TryGet((scheme, subject), out var id))
        {
            return id;
        }

        id = await store.EnsureUserAsync(scheme, issuer: string.Empty, subject, displayName: subject, cancellationToken);
        _cache.Set((scheme, subject), id, Lifetime);
        return id;
    }
}
