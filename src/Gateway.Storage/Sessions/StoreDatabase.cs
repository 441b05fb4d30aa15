using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Gateway.Storage.Configuration;
using Gateway.Storage.Schema;
using Gateway.Storage.Signals;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;

namespace Gateway.Storage.Sessions;

/// <summary>
/// Runs operations: bounded in time, counted, with the database's errors turned into <see cref="StoreUnavailableException"/>.
/// A write whose commit has not begun is tried again where the error proves that nothing took place; a commit whose outcome is unknown never is.
/// </summary>
internal abstract class StoreDatabase : IAsyncDisposable
{
    private const int Tries = 3;
    private const string BrokeBetween = "The connection broke between two statements.";
    private readonly StorageOptions _options;
    private readonly StoreMetrics _metrics;
    private readonly SteadyClock _clock;
    private readonly ChangeHub _hub;
    private readonly Lazy<PooledDbContextFactory<GatewayDbContext>> _contexts;

    protected StoreDatabase(StorageOptions options, StoreMetrics metrics, TimeProvider time, ChangeHub hub)
    {
        (_options, _metrics, _clock, _hub) = (options, metrics, new SteadyClock(time), hub);
        _contexts = new(() => new PooledDbContextFactory<GatewayDbContext>(ContextOptions(), poolSize: 128));
    }

    public abstract StoreSql Sql { get; }

    protected StoreMetrics Metrics => _metrics;

    public GatewayDbContext NewContext() => _contexts.Value.CreateDbContext();

    /// <summary>Runs something that only reads. A broken connection is replaced and the work done again.</summary>
    public Task<T> ReadAsync<T>(string operation, Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        BoundedAsync(operation, token => TriedAsync(() => ReadOnceAsync(work, token), () => false, token), cancellationToken);

    /// <summary>
    /// Runs something that only reads and is written by hand: without Entity Framework, which on SQLite defines some forty functions anew on every
    /// connection that it opens.
    /// </summary>
    public Task<T> QueryAsync<T>(string operation, Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        BoundedAsync(operation, token => TriedAsync(() => QueryOnceAsync(work, token), () => false, token), cancellationToken);

    /// <summary>Runs something in one transaction and tells of its changes once they are committed.</summary>
    public Task<T> WriteAsync<T>(string operation, Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        BoundedAsync(
            operation,
            token =>
            {
                bool committing = false;
                return TriedAsync(() => WriteOnceAsync(work, () => committing = true, token), () => committing, token);
            },
            cancellationToken);

    public Task WriteAsync(string operation, Func<StoreSession, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        WriteAsync(
            operation,
            async (session, token) =>
            {
                await work(session, token);
                return true;
            },
            cancellationToken);

    /// <summary>Brings the schema up to date; not bounded in time, for a large table may take its time.</summary>
    public abstract Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Once the schema is known to fit, before anything else is done.</summary>
    public virtual Task BeginAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What an error means.</summary>
    public abstract StoreFault Judge(Exception exception);

    /// <summary>The error as a <see cref="StoreUnavailableException"/> where it is one.</summary>
    public Exception Translate(Exception exception) => exception switch
    {
        TimeoutException or OperationCanceledException => TookTooLong(exception),
        _ when Judge(exception) is StoreFault.Unavailable or StoreFault.Broken or StoreFault.Conflict =>
            new StoreUnavailableException($"The database cannot serve now: {Describe(exception)}", exception),
        _ => exception,
    };

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected abstract void Configure(DbContextOptionsBuilder<GatewayDbContext> builder);

    /// <summary>A connection of the same pool, open.</summary>
    protected abstract ValueTask<DbConnection> OpenBareAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the turn to write, where only one can.</summary>
    protected virtual ValueTask<IDisposable?> TurnToWriteAsync(CancellationToken cancellationToken) => default;

    /// <summary>Puts word for other replicas into the transaction.</summary>
    protected virtual Task AnnounceAsync(StoreSession session, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A connection broke: others of the same age have as well.</summary>
    protected virtual void Forget()
    {
    }

    /// <summary>
    /// Whether the database has every migration of this version. Asked by hand: Entity Framework's own question takes longer than the rest of
    /// a start together, for it builds the model first.
    /// </summary>
    protected async Task<bool> IsMigratedAsync(string migrations, CancellationToken cancellationToken)
    {
        const string History = "__EFMigrationsHistory";
        await using var connection = await OpenBareAsync(cancellationToken);
        var session = new StoreSession(null, connection, null, Sql, _clock, _metrics.Statement);
        if (!await session.TableExistsAsync(History, cancellationToken))
        {
            return false;
        }

        var applied = await session.Command($"SELECT \"MigrationId\" FROM \"{History}\"").NamesAsync(cancellationToken);
        return Assembly.Load(migrations).GetTypes().Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().All(applied.Contains);
    }

    /// <summary>The cause in a few words, without a secret.</summary>
    protected abstract string Describe(Exception exception);

    protected static T? Inner<T>(Exception exception)
        where T : Exception
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is T found)
            {
                return found;
            }
        }

        return null;
    }

    private DbContextOptions<GatewayDbContext> ContextOptions()
    {
        var builder = new DbContextOptionsBuilder<GatewayDbContext>();
        Configure(builder);
        return builder.UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking).AddInterceptors(new StatementCounter(_metrics)).Options;
    }

    private async Task<T> BoundedAsync<T>(string operation, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = GatewayTelemetry.Source.StartActivity($"store {operation}", ActivityKind.Client);
        long begun = Stopwatch.GetTimestamp();
        string outcome = "failed";
        try
        {
            // A driver that does not heed its token (it may be waiting to cancel on a frozen server) is left behind; it cleans up after itself.
            var result = await RunAsync().WaitAsync(_options.CommandTimeout + TimeSpan.FromSeconds(0.5), cancellationToken);
            outcome = "ok";
            return result;
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            var translated = Translate(e);
            activity?.SetStatus(ActivityStatusCode.Error, translated.GetType().Name);
            if (translated == e)
            {
                throw;
            }

            outcome = "unavailable";
            throw translated;
        }
        finally
        {
            _metrics.Operation(operation, outcome, Stopwatch.GetElapsedTime(begun));
        }

        async Task<T> RunAsync()
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(_options.CommandTimeout);
            return await work(deadline.Token);
        }
    }

    private async Task<T> TriedAsync<T>(Func<Task<T>> work, Func<bool> outcomeUnknown, CancellationToken cancellationToken)
    {
        for (int tried = 1; ; tried++)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && Judge(e) is StoreFault.Broken or StoreFault.Conflict)
            {
                bool conflict = Judge(e) == StoreFault.Conflict;
                if (!conflict)
                {
                    Forget();
                }

                // A conflict is the server's word that nothing was stored; a connection that breaks during a commit leaves that open.
                if (tried == Tries || (outcomeUnknown() && !conflict))
                {
                    throw;
                }
            }
        }
    }

    private async Task<T> ReadOnceAsync<T>(Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var context = NewContext();
        await OpenAsync(context, cancellationToken);
        try
        {
            return await work(Session(context, null), cancellationToken);
        }
        catch (InvalidOperationException e) when (context.Database.GetDbConnection().State != ConnectionState.Open)
        {
            throw new IOException(BrokeBetween, e);
        }
    }

    private async Task<T> QueryOnceAsync<T>(Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using var connection = await OpenBareAsync(cancellationToken);
        _metrics.Waited(Stopwatch.GetElapsedTime(started));
        try
        {
            return await work(new StoreSession(null, connection, null, Sql, _clock, _metrics.Statement), cancellationToken);
        }
        catch (InvalidOperationException e) when (connection.State != ConnectionState.Open)
        {
            throw new IOException(BrokeBetween, e);
        }
    }

    private async Task<T> WriteOnceAsync<T>(Func<StoreSession, CancellationToken, Task<T>> work, Action committing, CancellationToken cancellationToken)
    {
        T result;
        StoreSession session;
        long begun = Stopwatch.GetTimestamp();
        using (await TurnToWriteAsync(cancellationToken))
        {
            await using var context = NewContext();
            await OpenAsync(context, cancellationToken, begun);
            try
            {
                await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
                session = Session(context, transaction.GetDbTransaction());
                result = await work(session, cancellationToken);
                if (session.Refused)
                {
                    await transaction.RollbackAsync(cancellationToken);
                    return result;
                }

                if (session.Changes.Count > 0)
                {
                    await AnnounceAsync(session, cancellationToken);
                }

                committing();
                await transaction.CommitAsync(cancellationToken);
            }
            catch (InvalidOperationException e) when (context.Database.GetDbConnection().State != ConnectionState.Open)
            {
                // Broken between two statements: all that the next one is told is that its transaction is over.
                throw new IOException(BrokeBetween, e);
            }
        }

        _hub.Publish(session.Changes);
        return result;
    }

    private async Task OpenAsync(GatewayDbContext context, CancellationToken cancellationToken, long? begun = null)
    {
        long started = begun ?? Stopwatch.GetTimestamp();
        await context.Database.OpenConnectionAsync(cancellationToken);
        _metrics.Waited(Stopwatch.GetElapsedTime(started));
    }

    private StoreSession Session(GatewayDbContext context, DbTransaction? transaction) => new(context, context.Database.GetDbConnection(), transaction, Sql, _clock, _metrics.Statement);

    private StoreUnavailableException TookTooLong(Exception cause) =>
        new($"The database did not answer within {_options.CommandTimeout.TotalSeconds:0.#} s.", cause);
}
