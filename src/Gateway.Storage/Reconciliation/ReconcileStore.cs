using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Reconciliation;

/// <summary>Leases and what is read under them. Saving is in the other part.</summary>
internal sealed partial class ReconcileStore(StoreDatabase database) : IReconcileStore
{
    public Task<ClaimBatch> ClaimAsync(string replica, int max, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "claim",
            async (session, token) =>
            {
                var rows = await session.Command(session.Sql.ClaimClusters)
                    .With("replica", replica).With("lease", lease).With("max", max)
                    .QueryAsync(r => (Claim: new Claim(r.GetString(0), r.GetInt64(1), r.GetInt64(2)), Now: r.GetInt64(3)), token);
                return rows.Count > 0
                    ? new ClaimBatch(Micros.ToTime(rows[0].Now), [.. rows.Select(r => r.Claim)])
                    : new ClaimBatch(await session.NowAsync(token), []);
            },
            cancellationToken);

    public Task<(DateTimeOffset Now, DateTimeOffset? DueAt)> NextDueAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            "next-due",
            async (session, token) => (await session.Command($"""
                SELECT {session.Sql.Now}, (SELECT min(due_at) FROM cluster_inbox WHERE due_at IS NOT NULL)
                """).QueryAsync(
                r => (Micros.ToTime(r.GetInt64(0)), r.IsDBNull(1) ? null : (DateTimeOffset?)Micros.ToTime(r.GetInt64(1))), token))[0],
            cancellationToken);

    public Task<IReadOnlyDictionary<string, ClusterSnapshot>> LoadAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) =>
        database.ReadAsync("load", (session, token) => SnapshotLoader.LoadAsync(session, [.. claims.Select(c => c.Cluster)], token), cancellationToken);

    public Task RestAsync(IReadOnlyList<(Claim Claim, DateTimeOffset? DueAt)> plans, CancellationToken cancellationToken) =>
        EndLeasesAsync("rest", $"k.lease_until > {database.Sql.Now}", plans, cancellationToken);

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        EndLeasesAsync("release", "k.lease_owner IS NOT NULL", [.. claims.Select(c => (c, (DateTimeOffset?)dueAt))], cancellationToken);

    private Task EndLeasesAsync(string operation, string held, IReadOnlyList<(Claim Claim, DateTimeOffset? DueAt)> plans, CancellationToken cancellationToken) =>
        plans.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                operation,
                async (session, token) =>
                {
                    // Rows in key order, as heartbeats take them.
                    var ended = await session.Command($"""
                        UPDATE cluster_inbox AS i
                        SET lease_owner = NULL, lease_until = NULL, due_at = CASE WHEN i.wake = l.wake THEN l.due_at ELSE {session.Sql.Now} END
                        FROM (
                            SELECT r.* FROM {session.Sql.From(PlanRows.Rests)} AS r
                            JOIN cluster_inbox AS k ON k.cluster = r.cluster AND k.generation = r.generation AND {held}
                            ORDER BY k.cluster {session.Sql.Lock("k")}
                        ) AS l
                        WHERE i.cluster = l.cluster
                        RETURNING {session.Sql.Returned("i")}cluster, COALESCE({session.Sql.Returned("i")}due_at <= {session.Sql.Now}, FALSE)
                        """).With(PlanRows.Rests, plans).QueryAsync(r => (Cluster: r.GetString(0), Due: r.GetBoolean(1)), token);
                    foreach (var (cluster, _) in ended.Where(d => d.Due))
                    {
                        session.Tell(ChangeKind.Due, cluster);
                    }
                },
                cancellationToken);
}
