using Gateway.Storage.Sqlite;
using Gateway.Storage.Tests.Stores;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage.Tests;

public sealed class SqliteQueryPlanTests(SharedSqlite shared) : QueryPlanTests(shared.TakeAsync)
{
    private static readonly string[] Large = ["clusters", "cluster_inbox", "credentials", "workers", "jobs", "events", "outbox"];

    // Indexes without ended rows: all of one is what lives.
    private static readonly string[] Living = ["ix_clusters_live", "ix_jobs_live", "ix_workers_live", "ix_cluster_inbox_due_at"];

    [Fact]
    public async Task HotPaths_WithALongHistory_UseIndexes() => await CheckAsync(Few);

    [Fact(Explicit = true)]
    public async Task HotPaths_WithAHundredThousandClustersAndAMillionWorkers_UseIndexes() => await CheckAsync(Many);

    protected override async Task FillAsync(int clusters)
    {
        Database.IsSpoilt = true;
        string numbers = $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {clusters}), m(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM m WHERE k < 10)";
        foreach (string statement in History.Statements("printf('old%d', i)", "printf('old%d-%d', i, k)"))
        {
            await Database.ExecuteAsync(statement.Replace("SELECT", $"{numbers} SELECT", StringComparison.Ordinal), Token);
        }

        await Database.ExecuteAsync("ANALYZE", Token);
    }

    // The operations run one after the other, on the connection that was given back last.
    protected override async Task<IReadOnlyList<string>> FullReadsAsync(Func<Task> operation)
    {
        var statements = new List<string>();
        var lines = ((SqliteDatabase)Store.Database).Lines;
        SqliteConnection connection;
        await using (var line = lines.Take())
        {
            connection = (SqliteConnection)line.Connection;
            raw.sqlite3_trace(connection.Handle!, (_, statement) => statements.Add(statement), null);
        }

        await operation();
        await using var again = lines.Take();
        Assert.Same(connection, again.Connection);
        raw.sqlite3_trace(connection.Handle!, (strdelegate_trace?)null, null);
        Assert.Contains(statements, IsOfLarge);

        var reads = new List<string>();
        foreach (string statement in statements.Where(IsOfLarge).Distinct())
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"EXPLAIN QUERY PLAN {statement}";
            await using var reader = await command.ExecuteReaderAsync(Token);
            while (await reader.ReadAsync(Token))
            {
                string line = reader.GetString(3);
                if (line.StartsWith("SCAN", StringComparison.Ordinal) && !Living.Any(i => line.EndsWith(i, StringComparison.Ordinal)) && IsLarge(statement, line.Split(' ')[1]))
                {
                    reads.Add($"{line} in {statement}");
                }
            }
        }

        return reads;
    }

    private static bool IsOfLarge(string statement) =>
        Large.Any(t => statement.Contains(t, StringComparison.Ordinal)) && !statement.StartsWith("--", StringComparison.Ordinal);

    /// <summary>Plans name tables by their aliases.</summary>
    private static bool IsLarge(string statement, string alias)
    {
        string plain = statement.Replace("\"", "", StringComparison.Ordinal);
        return Large.Any(t => t == alias || plain.Contains($"{t} AS {alias} ", StringComparison.Ordinal) || plain.Contains($"{t} AS {alias}\n", StringComparison.Ordinal));
    }
}
