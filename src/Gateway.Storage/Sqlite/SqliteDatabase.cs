using Gateway.Storage.Configuration;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;
using Gateway.Storage.Signals;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gateway.Storage.Sqlite;

/// <summary>The embedded database: readers beside one writer, whose turn is taken in this process, so that SQLite's own busy waiting never happens.</summary>
internal sealed class SqliteDatabase : StoreDatabase
{
    private const string FileName = "gateway.db";
    private const string Migrations = "Gateway.Migrations.Sqlite";
    private readonly SqlitePragmas _pragmas = new();
    private readonly Lazy<string> _connection;
    private readonly StorageOptions _options;
    private readonly DataFolder _folder;
    private readonly ILoggerFactory _loggers;
    private readonly SemaphoreSlim _turn = new(1, 1);

    public SqliteDatabase(StorageOptions options, DataFolder folder, StoreMetrics metrics, TimeProvider time, ChangeHub hub, ILoggerFactory loggers)
        : base(options, metrics, time, hub)
    {
        (_options, _folder, _loggers) = (options, folder, loggers);
        _connection = new Lazy<string>(ConnectionString);
        Lines = new SqliteLines(Open);
    }

    public override StoreSql Sql { get; } = new SqliteSql();

    /// <summary>Connections for what is written by hand.</summary>
    public SqliteLines Lines { get; }

    // A reading keeps a processor busy and waits for nobody.
    protected override int ReadsAtOnce => 1;

    public override GatewayDbContext NewContext() => GatewayModel.NewContext(
        _loggers, builder => builder.UseSqlite(Open(), contextOwnsConnection: true, sqlite => sqlite.MigrationsAssembly(Migrations)));

    public override async Task MigrateAsync(CancellationToken cancellationToken)
    {
        _folder.Take();
        using var turn = await TurnToWriteAsync(cancellationToken);
        if (await IsMigratedAsync(Migrations, cancellationToken)
            || (await MakeSchemaAsync(cancellationToken) && await IsMigratedAsync(Migrations, cancellationToken)))
        {
            return;
        }

        await using var context = NewContext();

        // A process killed while it migrated leaves EF's lock behind. Ours says that nobody else is here.
        await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await context.Database.MigrateAsync(cancellationToken);
    }

    /// <summary>
    /// Whoever held leases, claims and duties is dead, for this process alone has the folder: nothing waits for their end. Nor for times that
    /// were taken from a clock which has been set back since.
    /// </summary>
    public override Task BeginAsync(CancellationToken cancellationToken) => WriteAsync(
        "begin",
        async (session, token) =>
        {
            await session.Command("UPDATE cluster_inbox SET lease_owner = NULL, lease_until = NULL, due_at = min(due_at, @now) WHERE due_at IS NOT NULL AND NOT ended").ExecuteAsync(token);
            await session.Command("UPDATE outbox SET due_at = @now WHERE due_at > @now").ExecuteAsync(token);
            await session.Command("DELETE FROM duties").ExecuteAsync(token);
            await session.Command("DELETE FROM replicas").ExecuteAsync(token);
        },
        cancellationToken);

    public override StoreFault Judge(Exception exception) => Inner<SqliteException>(exception) switch
    {
        null => StoreFault.None,
        { SqliteErrorCode: 5 or 6 } => StoreFault.Conflict,                     // BUSY, LOCKED
        { SqliteErrorCode: 8 or 10 or 13 or 14 } => StoreFault.Unavailable,     // READONLY, IOERR, FULL, CANTOPEN
        { SqliteExtendedErrorCode: 1555 or 2067 } => StoreFault.Duplicate,      // primary key, unique
        _ => StoreFault.None,
    };

    public override async ValueTask DisposeAsync()
    {
        // Idle connections would keep the file open beyond the lock.
        Lines.Dispose();
        if (_connection.IsValueCreated)
        {
            await using var connection = new SqliteConnection(_connection.Value);
            SqliteConnection.ClearPool(connection);
        }

        _turn.Dispose();
        _folder.Dispose();
        await base.DisposeAsync();
    }

    protected override ValueTask<StoreLine> OpenLineAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Lines.Take());
    }

    protected override async ValueTask<IDisposable?> TurnToWriteAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

    protected override string Describe(Exception exception) => Inner<SqliteException>(exception)?.Message ?? exception.GetType().Name;

    /// <summary>
    /// A new database gets what the migrations come to in one script, all of it or nothing: Entity Framework takes most of a first start,
    /// and its model stays in memory.
    /// </summary>
    /// <returns>False where the database is not new.</returns>
    private async Task<bool> MakeSchemaAsync(CancellationToken cancellationToken)
    {
        using var script = new StreamReader(Resource(Migrations, "schema.sql"));
        await using var connection = Open();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = (SqliteTransaction)transaction;
        command.CommandText = "SELECT count(*) FROM sqlite_master";
        if (await command.ExecuteScalarAsync(cancellationToken) is not 0L)
        {
            return false;
        }

#pragma warning disable CA2100 // A file of this project.
        command.CommandText = await script.ReadToEndAsync(cancellationToken);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection.Value);
        try
        {
            connection.Open();
            _pragmas.Apply(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private string ConnectionString()
    {
        _folder.Take();
        var connection = new SqliteConnectionStringBuilder(_options.ConnectionString)
        {
            DefaultTimeout = Math.Max(1, (int)_options.CommandTimeout.TotalSeconds),
            Pooling = true,
        };
        connection.DataSource = Path.Combine(_folder.Path, connection.DataSource.Length > 0 ? connection.DataSource : FileName);
        return connection.ConnectionString;
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
