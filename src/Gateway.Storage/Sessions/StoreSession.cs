using System.Data.Common;
using Gateway.Core.Store;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Sessions;

/// <summary>One operation's connection: with a transaction when it writes.</summary>
internal sealed class StoreSession(GatewayDbContext? context, DbConnection connection, DbTransaction? transaction, StoreSql sql, SteadyClock clock, Action counted)
{
    private readonly HashSet<Change> _changes = [];

    /// <summary>For what EF does well enough; shares connection and transaction.</summary>
    /// <exception cref="InvalidOperationException">The operation said that it does without.</exception>
    public GatewayDbContext Context => context ?? throw new InvalidOperationException("This operation is written by hand throughout.");

    public StoreSql Sql => sql;

    /// <summary>What to tell after the commit.</summary>
    public IReadOnlyCollection<Change> Changes => _changes;

    /// <summary>True when the work has found that nothing of it must be stored.</summary>
    public bool Refused { get; private set; }

    public void Refuse() => Refused = true;

    /// <summary>A hand-written statement; <c>now</c> is bound where the provider has no clock of its own.</summary>
    public StoreCommand Command(string text)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Statements are constants and fragments of this project; values are parameters.
        command.CommandText = text;
#pragma warning restore CA2100
        var result = new StoreCommand(command, sql, counted);
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
}
