using System.Data.Common;
using Gateway.Storage.Sessions;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage.Sqlite;

/// <summary>
/// A connection to the embedded database that stays open from one operation to the next, with its statements: to parse and plan a
/// statement takes SQLite several times as long as to run it.
/// </summary>
internal sealed class SqliteLine(SqliteConnection connection, SqliteLines home) : StoreLine(connection)
{
    // More than there are texts in the program; some have parts that vary.
    private const int MostStatements = 200;

    private readonly Dictionary<string, DbCommand> _statements = new(StringComparer.Ordinal);

    /// <summary>Whether it can serve another operation.</summary>
    public bool IsTrusted { get; private set; } = true;

    public override DbCommand Take(string text) => _statements.Remove(text, out var kept) ? kept : base.Take(text);

    public override void GiveBack(DbCommand command)
    {
        command.Parameters.Clear();
        command.Transaction = null;
        if (_statements.Count >= MostStatements || !_statements.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    public override void Distrust() => IsTrusted = false;

    protected override ValueTask LeaveAsync()
    {
        home.GiveBack(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>For good.</summary>
    public void Close() => Connection.Dispose();
}
