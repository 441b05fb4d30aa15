using System.Collections.Concurrent;

namespace Gateway.Storage.Tests.Stores;

/// <summary>Databases that tests have used and emptied: making one, and EF's model and queries with it, costs more than most tests.</summary>
internal sealed class Shelf<T> : IAsyncDisposable
    where T : TestDatabase
{
    private readonly ConcurrentBag<T> _databases = [];

    public async Task<T> TakeAsync(Func<Task<T>> make) => _databases.TryTake(out var database) ? database : await make();

    public async Task PutBackAsync(T database)
    {
        if (database.IsSpoilt)
        {
            await database.EndAsync();
            return;
        }

        await database.EmptyAsync(CancellationToken.None);
        _databases.Add(database);
    }

    public async ValueTask DisposeAsync()
    {
        while (_databases.TryTake(out var database))
        {
            await database.EndAsync();
        }
    }
}
