using Gateway.Storage.Clusters;
using Gateway.Storage.Reconciliation;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Jobs;

/// <summary>What replicas tell of themselves.</summary>
internal sealed partial class JobStore
{
    private const string Sum = "(SELECT COALESCE(sum(c.count), 0) FROM client_counts AS c WHERE c.cluster = i.cluster)";

    private static readonly TimeSpan ReplicaExpiry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ReplicaMemory = TimeSpan.FromHours(1);

    private static readonly RowSet<KeyValuePair<string, int>> Counts = new(
        "counts",
        new("cluster", ColumnType.Text, c => c.Key),
        new("count", ColumnType.Whole, c => c.Value));

    public Task PulseAsync(string replica, string version, TimeSpan gap, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "pulse",
            async (session, token) =>
            {
                await session.Command($"""
                    INSERT INTO replicas (name, version, started_at, pulse_at) VALUES (@replica, @version, {session.Sql.Now}, {session.Sql.Now})
                    ON CONFLICT (name) DO UPDATE SET version = excluded.version, pulse_at = excluded.pulse_at
                    """).With("replica", replica).With("version", version).ExecuteAsync(token);
                await session.Command($"DELETE FROM replicas WHERE pulse_at < {session.Sql.Now} - @memory").With("memory", ReplicaMemory).ExecuteAsync(token);
                await Continuity.ContinueAsync(session, Continuity.Hearing, "", gap, token);
            },
            cancellationToken);

    public Task RecordClientsAsync(string replica, IReadOnlyDictionary<string, int> clients, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "record-clients",
            async (session, token) =>
            {
                var counts = clients.Where(c => c.Value > 0).OrderBy(c => c.Key, StringComparer.Ordinal).ToList();

                // What a replica that is no more has told does not count.
                var changed = await session.Command($"""
                    DELETE FROM client_counts AS c
                    WHERE (c.replica = @replica AND c.cluster NOT IN (SELECT g.cluster FROM {session.Sql.From(Counts)} AS g))
                       OR (c.replica <> @replica AND NOT EXISTS (
                            SELECT 1 FROM replicas AS r WHERE r.name = c.replica AND r.pulse_at > {session.Sql.Now} - @expiry))
                    RETURNING {session.Sql.Returned("c")}cluster
                    """).With(Counts, counts).With("replica", replica).With("expiry", ReplicaExpiry).NamesAsync(token);
                if (counts.Count > 0)
                {
                    changed.AddRange(await session.Command($"""
                        INSERT INTO client_counts (replica, cluster, count)
                        SELECT @replica, g.cluster, g.count FROM {session.Sql.From(Counts)} AS g WHERE TRUE ORDER BY g.cluster
                        ON CONFLICT (replica, cluster) DO UPDATE SET count = excluded.count WHERE client_counts.count <> excluded.count
                        RETURNING cluster
                        """).With(Counts, counts).With("replica", replica).NamesAsync(token));
                }

                await SumClientsAsync(session, [.. changed.Distinct()], token);
            },
            cancellationToken);

    /// <summary>Adds up over replicas; the reconciler is woken where the last client has gone or one has come back.</summary>
    private static async Task SumClientsAsync(StoreSession session, List<string> clusters, CancellationToken cancellationToken)
    {
        if (clusters.Count == 0)
        {
            return;
        }

        await Wakes.LockAsync(session, clusters, cancellationToken);
        var turned = await session.Command($"""
            SELECT i.cluster FROM cluster_inbox AS i
            WHERE i.cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
              AND (i.no_client_since IS NULL) = ({Sum} = 0)
            """).WithNames(clusters).NamesAsync(cancellationToken);
        await session.Command($"""
            UPDATE cluster_inbox AS i
            SET clients = {Sum}, no_client_since = CASE WHEN {Sum} > 0 THEN NULL ELSE COALESCE(i.no_client_since, {session.Sql.Now}) END
            WHERE i.cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
            """).WithNames(clusters).ExecuteAsync(cancellationToken);
        await Wakes.WakeAsync(session, turned, cancellationToken);
    }
}
