namespace Gateway.Storage.Tests.Stores;

public sealed class SqliteTestDatabase : TestDatabase
{
    private readonly string _folder;
    private readonly List<Replica> _replicas = [];

    private SqliteTestDatabase(string folder) => _folder = folder;

    public override Replica First => _replicas[^1];

    public override string Keys => File.ReadAllText(Path.Combine(_folder, "encryption.key")).Trim();

    public static async Task<SqliteTestDatabase> MakeAsync(CancellationToken cancellationToken)
    {
        var database = new SqliteTestDatabase(Directory.CreateTempSubdirectory("gateway-sqlite-").FullName);
        await database.OpenAsync("", cancellationToken);
        return database;
    }

    public override Task<Replica> SecondAsync(CancellationToken cancellationToken) => Task.FromResult(First);

    public override async Task<Replica> WithKeysAsync(string keys, CancellationToken cancellationToken)
    {
        await First.DisposeAsync();
        await OpenAsync(keys, cancellationToken);
        return First;
    }

    public override async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task OpenAsync(string keys, CancellationToken cancellationToken)
    {
        _replicas.Add(Replica.Make(new Dictionary<string, string?> { ["Storage:DataFolder"] = _folder, ["Storage:EncryptionKeys"] = keys, ["Storage:CommandTimeout"] = "00:00:30" }));
        await First.Gateway.OpenAsync(cancellationToken);
    }
}
