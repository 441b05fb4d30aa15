using System.Diagnostics;
using System.Reflection;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Gateway.Storage.Configuration;
using Gateway.Storage.Schema;
using Gateway.Storage.Signals;

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
    private readonly TimeProvider _time;
    private readonly ChangeHub _hub;

    protected StoreDatabase(StorageOptions options, StoreMetrics metrics, TimeProvider time, ChangeHub hub) =>
        (_options, _metrics, _clock, _time, _hub) = (options, metrics, new SteadyClock(time), time, hub);

    public abstract StoreSql Sql { get; }

    /// <summary>How many shared readings of a kind are worth their connections.</summary>
    protected abstract int ReadsAtOnce { get; }

    /// <summary>The schema by Entity Framework, for migrations.</summary>
    public abstract GatewayDbContext NewContext();

    /// <summary>Runs something that only reads. A broken connection is replaced and the work done again.</summary>
    public Task<T> ReadAsync<T>(string operation, Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        BoundedAsync(operation, token => TriedAsync(() => ReadOnceAsync(work, token), () => false, token), cancellationToken);

    /// <summary>Readings of one kind that are shared by all who ask while others are on their way.</summary>
    public SharedReads<TKey, TValue> Share<TKey, TValue>(
        string operation, Func<StoreSession, IReadOnlyCollection<TKey>, CancellationToken, Task<IReadOnlyDictionary<TKey, TValue>>> work)
        where TKey : notnull =>
        new((keys, token) => ReadAsync(operation, (session, bounded) => work(session, keys, bounded), token), ReadsAtOnce, _options.CommandTimeout, _time, () => ThreadPool.PendingWorkItemCount > 0);

    /// <summary>Runs something in one transaction, and tells of its changes once they are committed.</summary>
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

    /// <summary>An open connection.</summary>
    protected abstract ValueTask<StoreLine> OpenLineAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the turn to write, where only one can.</summary>
    protected virtual ValueTask<IDisposable?> TurnToWriteAsync(CancellationToken cancellationToken) => default;

    /// <summary>Puts word for other replicas into the transaction.</summary>
    protected virtual Task AnnounceAsync(StoreSession session, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A connection broke: others of the same age have as well.</summary>
    protected virtual void Forget()
    {
    }

    /// <summary>
    /// Whether the database has every migration of this version. Asked by hand, of a list that the build has made: Entity Framework's own question
    /// takes longer than the rest of a start together, for it builds the model first, and what it has loaded stays in memory.
    /// </summary>
    protected async Task<bool> IsMigratedAsync(string migrations, CancellationToken cancellationToken)
    {
        const string History = "__EFMigrationsHistory";
        await using var session = await OpenAsync(cancellationToken);
        if (!await session.TableExistsAsync(History, cancellationToken))
        {
            return false;
        }

        var applied = await session.Command($"SELECT \"MigrationId\" FROM \"{History}\"").NamesAsync(cancellationToken);
        using var list = new StreamReader(Resource(migrations, "migrations.txt"));
        var known = (await list.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return known.All(applied.Contains);
    }

    /// <summary>A file that the assembly of migrations carries.</summary>
    protected static Stream Resource(string migrations, string name) =>
        Assembly.Load(migrations).GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{migrations} has no {name}.");

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
        await using var session = await OpenAsync(cancellationToken);
        return await AttemptAsync(session, work, cancellationToken);
    }

    private async Task<T> WriteOnceAsync<T>(Func<StoreSession, CancellationToken, Task<T>> work, Action committing, CancellationToken cancellationToken)
    {
        T result;
        IReadOnlyCollection<Change> changes;
        long begun = Stopwatch.GetTimestamp();
        using (await TurnToWriteAsync(cancellationToken))
        {
            await using var session = await OpenAsync(cancellationToken, begun);
            result = await AttemptAsync(session, TransactAsync, cancellationToken);
            changes = session.Refused ? [] : session.Changes;
        }

        _hub.Publish(changes);
        return result;

        async Task<T> TransactAsync(StoreSession session, CancellationToken token)
        {
            await session.BeginAsync(token);
            var done = await work(session, token);
            if (session.Refused)
            {
                await session.RollbackAsync(token);
                return done;
            }

            if (session.Changes.Count > 0)
            {
                await AnnounceAsync(session, token);
            }

            committing();
            await session.CommitAsync(token);
            return done;
        }
    }

    private static async Task<T> AttemptAsync<T>(StoreSession session, Func<StoreSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work(session, cancellationToken);
        }
        catch (InvalidOperationException e) when (!session.IsOpen)
        {
            // Broken between two statements: all that the next one is told is that there is no connection, or that its transaction is over.
            session.Distrust();
            throw new IOException(BrokeBetween, e);
        }
        catch
        {
            session.Distrust();
            throw;
        }
    }

    private async ValueTask<StoreSession> OpenAsync(CancellationToken cancellationToken, long? begun = null)
    {
        long started = begun ?? Stopwatch.GetTimestamp();
        var line = await OpenLineAsync(cancellationToken);
        _metrics.Waited(Stopwatch.GetElapsedTime(started));
        return new StoreSession(line, Sql, _clock, _metrics.Statement);
    }

    private StoreUnavailableException TookTooLong(Exception cause) =>
        new($"The database did not answer within {_options.CommandTimeout.TotalSeconds:0.#} s.", cause);
}
