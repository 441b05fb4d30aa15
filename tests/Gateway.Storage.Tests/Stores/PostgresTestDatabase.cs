using Gateway.Storage.Encryption;

namespace Gateway.Storage.Tests.Stores;

public sealed class PostgresTestDatabase : TestDatabase
{
    private readonly string _connection;
    private readonly Shelf<PostgresTestDatabase> _shelf;
    private readonly List<Replica> _others = [];
    private Replica? _second;

    private PostgresTestDatabase(string connection, Shelf<PostgresTestDatabase> shelf) =>
        (_connection, _shelf, First) = (connection, shelf, Replica.Make(SharedPostgres.Settings(connection, Keys)));

    public override Replica First { get; protected set; }

    public override string Keys { get; } = KeyRing.NewKey();

    internal static async Task<PostgresTestDatabase> MakeAsync(string connection, Shelf<PostgresTestDatabase> shelf, CancellationToken cancellationToken)
    {
        var database = new PostgresTestDatabase(connection, shelf);
        await database.First.Gateway.OpenAsync(cancellationToken);
        return database;
    }

    public override async Task<Replica> SecondAsync(CancellationToken cancellationToken) => _second ??= await OpenAsync(Keys, cancellationToken);

    public override Task<Replica> WithKeysAsync(string keys, CancellationToken cancellationToken) => OpenAsync(keys, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        foreach (var replica in _others.Where(r => r != _second).ToList())
        {
            await replica.DisposeAsync();
            _others.Remove(replica);
        }

        await _shelf.PutBackAsync(this);
    }

    public override async Task EndAsync()
    {
        foreach (var replica in _others.Prepend(First))
        {
            await replica.DisposeAsync();
        }
    }

    private async Task<Replica> OpenAsync(string keys, CancellationToken cancellationToken)
    {
        var replica = Replica.Make(SharedPostgres.Settings(_connection, keys));
        _others.Add(replica);
        await replica.Gateway.OpenAsync(cancellationToken);
        return replica;
    }
}
