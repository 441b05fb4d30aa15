using System.Data.Common;
using Gateway.Core.Store;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Sessions;

/// <summary>One operation's connection: with a transaction when it writes.</summary>
internal sealed class StoreSession(StoreLine line, StoreSql sql, SteadyClock clock, Action counted) : IAsyncDisposable
{
    private readonly HashSet<Change> _changes = [];
    private DbTransaction? _transaction;

    public StoreSql Sql => sql;

    /// <summary>What to tell after the commit.</summary>
    public IReadOnlyCollection<Change> Changes => _changes;

    /// <summary>True when the work has found that nothing of it must be stored.</summary>
    public bool Refused { get; private set; }

    public void Refuse() => Refused = true;

    /// <summary>False once the connection has broken.</summary>
    public bool IsOpen => line.IsOpen;

    /// <summary>Something failed: the connection serves nobody else.</summary>
    public void Distrust() => line.Distrust();

    public async Task BeginAsync(CancellationToken cancellationToken) => _transaction = await line.Connection.BeginTransactionAsync(cancellationToken);

    public Task CommitAsync(CancellationToken cancellationToken) => _transaction!.CommitAsync(cancellationToken);

    public Task RollbackAsync(CancellationToken cancellationToken) => _transaction!.RollbackAsync(cancellationToken);

    /// <summary>A statement; <c>now</c> is bound where the provider has no clock of its own.</summary>
    public StoreCommand Command(string text)
    {
        var command = line.Take(text);
        command.Transaction = _transaction;
        var result = new StoreCommand(command, line, sql, counted);
        return sql.Now.StartsWith('@') ? result.With(sql.Now[1..], clock.Now) : result;
    }

    /// <summary>The store's clock.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        (await Command($"SELECT {sql.Now}").QueryAsync(r => Micros.ToTime(r.GetInt64(0)), cancellationToken))[0];

    public async Task<bool> TableExistsAsync(string table, CancellationToken cancellationToken) =>
        (await Command(sql.TableExists).With("table", table).QueryAsync(r => r.GetInt64(0), cancellationToken))[0] > 0;

    /// <summary>Remembers to tell of a change once it is committed. Of several due clusters none is named: whoever is told claims what is due.</summary>
    public void Tell(ChangeKind kind, string key)
    {
        if (kind == ChangeKind.Due && !_changes.Contains(new Change(kind, key)) && _changes.RemoveWhere(c => c.Kind == ChangeKind.Due) > 0)
        {
            key = "";
        }

        _changes.Add(new Change(kind, key));
    }

    /// <summary>Gives the connection back; what was not committed is rolled back.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_transaction is not null)
            {
                await _transaction.DisposeAsync();
            }
        }
        catch
        {
            line.Distrust();
            throw;
        }
        finally
        {
            await line.DisposeAsync();
        }
    }
}
