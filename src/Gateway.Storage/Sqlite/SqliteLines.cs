using Microsoft.Data.Sqlite;

namespace Gateway.Storage.Sqlite;

/// <summary>Open connections to the embedded database that nobody uses at the moment; the one used last is the next one.</summary>
internal sealed class SqliteLines(Func<SqliteConnection> open) : IDisposable
{
    // Operations hardly ever wait while they hold one, so that few are in use at once.
    private const int MostIdle = 4;

    private readonly Lock _lock = new();
    private readonly Stack<SqliteLine> _idle = new();
    private bool _closed;

    public SqliteLine Take()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_idle.TryPop(out var line))
            {
                return line;
            }
        }

        return new SqliteLine(open(), this);
    }

    public void GiveBack(SqliteLine line)
    {
        lock (_lock)
        {
            if (line.IsTrusted && !_closed && _idle.Count < MostIdle)
            {
                _idle.Push(line);
                return;
            }
        }

        line.Close();
    }

    /// <summary>Closes them all; those in use when they come back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            while (_idle.TryPop(out var line))
            {
                line.Close();
            }
        }
    }
}
