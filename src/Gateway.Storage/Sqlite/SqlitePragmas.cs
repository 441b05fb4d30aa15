using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage.Sqlite;

/// <summary>Settings that each connection needs for itself.</summary>
internal sealed class SqlitePragmas
{
    // With a write-ahead log NORMAL never corrupts and loses nothing when the process is killed; a power cut may lose the last moments,
    // which is a restore of a slightly older state: jobs of rows that are lost are swept, those of rows that are kept are found again.
    private const string Settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;";

    private readonly ConditionalWeakTable<sqlite3, string> _applied = [];

    /// <summary>To a connection that has just been opened.</summary>
    public void Apply(SqliteConnection connection)
    {
        // SQLite's own connection keeps them while it rests in the pool.
        if (connection.Handle is { } handle && !_applied.TryAdd(handle, Settings))
        {
            return;
        }

        using var command = connection.CreateCommand();
        command.CommandText = Settings;
        command.ExecuteNonQuery();
    }
}
