namespace Gateway.Storage.Tests.Stores;

public sealed class SqliteTestDatabase : TestDatabase
{
    private readonly string _folder;
    private readonly Shelf<SqliteTestDatabase> _shelf;

    private SqliteTestDatabase(string folder, Shelf<SqliteTestDatabase> shelf) => (_folder, _shelf, First) = (folder, shelf, Make(folder, ""));

    public override Replica First { get; protected set; }

    public override string Keys => File.ReadAllText(Path.Combine(_folder, "encryption.key")).Trim();

    internal static async Task<SqliteTestDatabase> MakeAsync(Shelf<SqliteTestDatabase> shelf, CancellationToken cancellationToken)
    {
        var database = new SqliteTestDatabase(Directory.CreateTempSubdirectory("gateway-sqlite-").FullName, shelf);
        await database.First.Gateway.OpenAsync(cancellationToken);
        return database;
    }

    public override Task<Replica> SecondAsync(CancellationToken cancellationToken) => Task.FromResult(First);

    public override async Task<Replica> WithKeysAsync(string keys, CancellationToken cancellationToken)
    {
        IsSpoilt = true;
        await First.DisposeAsync();
        First = Make(_folder, keys);
        await First.Gateway.OpenAsync(cancellationToken);
        return First;
    }

    public override async ValueTask DisposeAsync() => await _shelf.PutBackAsync(this);

    public override async Task EndAsync()
    {
        await First.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static Replica Make(string folder, string keys) => Replica.Make(
        new Dictionary<string, string?> { ["Storage:DataFolder"] = folder, ["Storage:EncryptionKeys"] = keys, ["Storage:CommandTimeout"] = "00:00:30" });
}
