using System.Globalization;
using System.Net.Sockets;
using Gateway.Storage.Configuration;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;
using Gateway.Storage.Signals;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Storage.Postgres;

/// <summary>The shared database: a bounded pool to the primary, with limits on the server's side too, which hold when this process is frozen.</summary>
internal sealed class PostgresDatabase : StoreDatabase
{
    private const string Migrations = "Gateway.Migrations.Postgres";
    private const string MigrationLock = "SELECT pg_advisory_lock(hashtext('gateway migrations'))";
    private const string MigrationUnlock = "SELECT pg_advisory_unlock(hashtext('gateway migrations'))";
    private readonly StorageOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly Lazy<NpgsqlDataSource> _source;
    private readonly ConnectionGate _gate;

    public PostgresDatabase(StorageOptions options, StoreMetrics metrics, TimeProvider time, ChangeHub hub, ILoggerFactory loggers)
        : base(options, metrics, time, hub)
    {
        (_options, _loggers, _gate) = (options, loggers, new ConnectionGate(time));
        _source = new Lazy<NpgsqlDataSource>(MakeSource);
    }

    public override StoreSql Sql { get; } = new PostgresSql();

    /// <summary>Tells this process' own announcements from those of others.</summary>
    public string Sender { get; } = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12];

    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) =>
        _gate.OpenAsync(_source.Value.OpenConnectionAsync, e => PostgresFaults.IsDown(e) ? Translate(e).Message : null, cancellationToken);

    protected override int ReadsAtOnce => 4;

    public override GatewayDbContext NewContext() => GatewayModel.NewContext(
        _loggers, builder => builder.UseNpgsql(_source.Value, npgsql => npgsql.MigrationsAssembly(Migrations)));

    public override async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if (await IsMigratedAsync(Migrations, cancellationToken))
        {
            return;
        }

        await using var context = NewContext();
        context.Database.SetCommandTimeout(TimeSpan.FromHours(1));
        await context.Database.OpenConnectionAsync(cancellationToken);
        await context.Database.ExecuteSqlRawAsync("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; " + MigrationLock, cancellationToken);
        try
        {
            await context.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            // Where this fails the connection has ended, and the lock with it.
            await context.Database.ExecuteSqlRawAsync(MigrationUnlock, CancellationToken.None);
        }
    }

    public override StoreFault Judge(Exception exception) =>
        Inner<NpgsqlException>(exception) is { } found ? PostgresFaults.Of(found)
        : Inner<SocketException>(exception) is not null ? StoreFault.Unavailable
        : exception is IOException ? StoreFault.Broken
        : StoreFault.None;

    public override async ValueTask DisposeAsync()
    {
        if (_source.IsValueCreated)
        {
            await _source.Value.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override Task AnnounceAsync(StoreSession session, CancellationToken cancellationToken) =>
        session.Command("SELECT pg_notify(@channel, @payload)")
            .With("channel", Announcement.Channel)
            .With("payload", Announcement.Encode(Sender, session.Changes))
            .QueryAsync(_ => true, cancellationToken);

    protected override async ValueTask<StoreLine> OpenLineAsync(CancellationToken cancellationToken) => new(await ConnectAsync(cancellationToken));

    protected override void Forget() => _source.Value.Clear();

    protected override string Describe(Exception exception) => Inner<NpgsqlException>(exception) switch
    {
        PostgresException answered => $"{answered.MessageText} ({answered.SqlState}).",
        { InnerException: { } cause } failed => $"{failed.Message} {cause.Message}",
        { } failed => failed.Message,
        null => exception.Message,
    };

    private NpgsqlDataSource MakeSource()
    {
        var connection = new NpgsqlConnectionStringBuilder(_options.ConnectionString);
        int seconds = (int)Math.Ceiling(_options.CommandTimeout.TotalSeconds);
        connection.Timeout = seconds;
        connection.CommandTimeout = seconds;
        connection.MaxPoolSize = _options.MaxPoolSize;
        connection.ApplicationName ??= "gateway";

        // A frozen server does not answer a request to cancel either.
        connection.CancellationTimeout = 500;
        connection.HostRecheckSeconds = 2;
        if (connection.MaxAutoPrepare == 0)
        {
            connection.MaxAutoPrepare = 100;
        }

        // The server ends what a frozen or vanished replica has left open: its locks would stop the others. Compiling short statements only costs.
        string milliseconds = ((long)_options.CommandTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        connection.Options = $"-c jit=off -c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds} {connection.Options}".TrimEnd();
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        builder.UseLoggerFactory(_loggers);
        return connection.Host!.Contains(',', StringComparison.Ordinal)
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : builder.Build();
    }
}
