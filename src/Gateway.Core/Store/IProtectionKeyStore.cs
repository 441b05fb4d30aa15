namespace Gateway.Core.Store;

/// <summary>Keeps the keys that protect session cookies where every replica finds them, encrypted at rest.</summary>
public interface IProtectionKeyStore
{
    /// <summary>All keys, as XML. Those encrypted under a key that is not configured are left out: only sessions signed with them end.</summary>
    /// <exception cref="StoreUnavailableException">The database did not answer.</exception>
    Task<IReadOnlyList<string>> GetAllAsync(CancellationToken cancellationToken);

    /// <summary>Adds a key, or replaces the one of that name.</summary>
    /// <param name="name">Names the key, such as <c>key-…</c>; not secret.</param>
    /// <param name="xml">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The database did not answer.</exception>
    Task StoreAsync(string name, string xml, CancellationToken cancellationToken);
}
