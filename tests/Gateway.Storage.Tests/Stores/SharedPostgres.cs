using Gateway.Storage.Encryption;
using Gateway.Testing;

[assembly: AssemblyFixture(typeof(Gateway.Storage.Tests.Stores.SharedPostgres))]

namespace Gateway.Storage.Tests.Stores;

/// <summary>A server for tests to share, with a migrated database to copy: one for all that do it no harm, another for each class that does.</summary>
public sealed class SharedPostgres : IAsyncLifetime
{
    private readonly Shelf<PostgresTestDatabase> _shelf = new();
    private PostgresServer? _server;
    private string _template = "";

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Missing is null)
        {
            _server = await PostgresServer.StartAsync(CancellationToken.None);
            _template = await _server.CreateDatabaseAsync(null, CancellationToken.None);
            await using var replica = Replica.Make(Settings(_server.ConnectionString(_template), KeyRing.NewKey()));
            await replica.Gateway.MigrateAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _shelf.DisposeAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    public PostgresServer Server => _server!;

    public async Task<TestDatabase> TakeAsync(CancellationToken cancellationToken) =>
        await _shelf.TakeAsync(async () => await PostgresTestDatabase.MakeAsync(await NewDatabaseAsync(cancellationToken), _shelf, cancellationToken));

    /// <summary>One with more in its connection string, which no other test gets.</summary>
    public async Task<TestDatabase> MakeAsync(string more, CancellationToken cancellationToken)
    {
        var database = await PostgresTestDatabase.MakeAsync(await NewDatabaseAsync(cancellationToken) + more, _shelf, cancellationToken);
        database.IsSpoilt = true;
        return database;
    }

    /// <summary>A migrated, empty database's connection string.</summary>
    public async Task<string> NewDatabaseAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(_server is null, PostgresServer.Missing ?? "");
        return _server!.ConnectionString(await _server.CreateDatabaseAsync(_template, cancellationToken));
    }

    internal static Dictionary<string, string?> Settings(string connection, string keys) => new()
    {
        ["Storage:Provider"] = "postgres",
        ["Storage:ConnectionString"] = connection,
        ["Storage:EncryptionKeys"] = keys,
        ["Storage:MaxPoolSize"] = "8",
        ["Storage:CommandTimeout"] = "00:00:30",
    };
}
