[assembly: AssemblyFixture(typeof(Gateway.Storage.Tests.Stores.SharedSqlite))]

namespace Gateway.Storage.Tests.Stores;

/// <summary>Embedded databases for tests to share, one after the other.</summary>
public sealed class SharedSqlite : IAsyncDisposable
{
    private readonly Shelf<SqliteTestDatabase> _shelf = new();

    public async Task<TestDatabase> TakeAsync(CancellationToken cancellationToken) =>
        await _shelf.TakeAsync(() => SqliteTestDatabase.MakeAsync(_shelf, cancellationToken));

    public ValueTask DisposeAsync() => _shelf.DisposeAsync();
}
