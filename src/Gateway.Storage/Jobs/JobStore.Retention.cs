using Gateway.Storage.Sessions;

namespace Gateway.Storage.Jobs;

internal sealed partial class JobStore
{
    // Rows deleted in one transaction: a cluster with a long history must not hold locks, or outlast the time an operation has.
    private const int Piece = 5000;

    // By table, the column that names a row.
    private static readonly (string Table, string Key)[] Histories =
        [("events", "id"), ("outbox", "id"), ("jobs", "name"), ("workers", "name"), ("client_counts", "cluster")];

    // One row for each cluster.
    private static readonly string[] Companions = ["credentials", "cluster_inbox"];

    public async Task<IReadOnlyList<string>> RemoveEndedAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        var names = await database.ReadAsync(
            "find-ended",
            (session, token) => session.Command($"SELECT name FROM clusters WHERE ended_at IS NOT NULL AND ended_at < {session.Sql.Now} - @age ORDER BY ended_at LIMIT @max")
                .With("age", age).With("max", max).NamesAsync(token),
            cancellationToken);
        if (names.Count == 0)
        {
            return [];
        }

        foreach (var (table, key) in Histories)
        {
            while (await RemovePieceAsync(table, key, names, cancellationToken) == Piece)
            {
                // On to the next piece.
            }
        }

        // The cluster's own row goes last: until then whoever died in between is followed by somebody who finds it again.
        return await database.WriteAsync(
            "remove-ended",
            async (session, token) =>
            {
                foreach (string table in Companions)
                {
                    await session.Command($"DELETE FROM {table} WHERE cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)")
                        .WithNames(names).ExecuteAsync(token);
                }

                return await session.Command($"DELETE FROM clusters WHERE name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n) RETURNING name")
                    .WithNames(names).NamesAsync(token);
            },
            cancellationToken);
    }

    private Task<int> RemovePieceAsync(string table, string key, List<string> names, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "remove-history",
            (session, token) => session.Command($"""
                DELETE FROM {table} WHERE {key} IN (
                    SELECT t.{key} FROM {table} AS t WHERE t.cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n) LIMIT {Piece})
                """).WithNames(names).ExecuteAsync(token),
            cancellationToken);
}
