using Gateway.Storage.Encryption;

namespace Gateway.Storage.Tests.Stores;

public sealed class PostgresTestDatabase : TestDatabase
{
    private readonly string _connection;
    private readonly List<Replica> _replicas = [];

    private PostgresTestDatabase(string connection) => _connection = connection;

    public override Replica First => _replicas[0];

    public override string Keys { get; } = KeyRing.NewKey();

    /// <summary>More of the connection string may be given.</summary>
    public static async Task<PostgresTestDatabase> MakeAsync(SharedPostgres server, CancellationToken cancellationToken, string more = "")
    {
        var database = new PostgresTestDatabase(await server.NewDatabaseAsync(cancellationToken) + more);
        await database.OpenAsync(database.Keys, cancellationToken);
        return database;
    }

    public override Task<Replica> SecondAsync(CancellationToken cancellationToken) => OpenAsync(Keys, cancellationToken);

    public override Task<Replica> WithKeysAsync(string keys, CancellationToken cancellationToken) => OpenAsync(keys, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }
    }

    private async Task<Replica> OpenAsync(string keys, CancellationToken cancellationToken)
    {
        var replica = Replica.Make(SharedPostgres.Settings(_connection, keys));
        _replicas.Add(replica);
        await replica.Gateway.OpenAsync(cancellationToken);
        return replica;
    }
}
