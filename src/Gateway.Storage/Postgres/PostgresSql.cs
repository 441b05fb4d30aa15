using System.Data.Common;
using System.Globalization;
using Gateway.Storage.Clusters;
using Gateway.Storage.Jobs;
using Gateway.Storage.Sessions;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Storage.Postgres;

/// <summary>Postgres' statements. Rows come as arrays; those that are to change are locked first, in key order, so that two batches never wait for each other in a circle.</summary>
internal sealed class PostgresSql : StoreSql
{
    // Not now(), which stands still from the transaction's beginning.
    public override string Now => "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    public override string TableExists => "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(FALSE)) AND tablename = @table";

    public override string ClaimClusters => $"""
        WITH clock AS MATERIALIZED (SELECT {Now} AS t),
        due AS MATERIALIZED (
            SELECT cluster FROM cluster_inbox WHERE due_at <= (SELECT t FROM clock) ORDER BY due_at LIMIT @max FOR UPDATE SKIP LOCKED
        )
        UPDATE cluster_inbox AS i
        SET lease_owner = @replica, lease_until = (SELECT t FROM clock) + @lease, due_at = (SELECT t FROM clock) + @lease, generation = i.generation + 1
        FROM due
        WHERE i.cluster = due.cluster
        RETURNING i.cluster, i.generation, i.wake, (SELECT t FROM clock)
        """;

    public override string RefreshHeartbeats => $"""
        WITH heard AS MATERIALIZED (
            SELECT h.*
            FROM cluster_inbox AS i JOIN {From(HeartbeatRows.Same)} AS h ON h.cluster = i.cluster
            WHERE NOT i.ended
            ORDER BY i.cluster FOR UPDATE OF i
        )
        UPDATE cluster_inbox AS i
        SET heartbeat_at = {Now}, sequence = h.sequence, idle_seconds = h.idle_seconds
        FROM heard AS h
        WHERE i.cluster = h.cluster AND i.heartbeat_hash = h.hash AND NOT COALESCE(h.sequence < i.sequence, FALSE)
        RETURNING i.cluster
        """;

    // The rows are locked already.
    public override string RecordHeartbeats => $"""
        UPDATE cluster_inbox AS i
        SET heartbeat_at = {Now}, heartbeat = h.heartbeat, heartbeat_hash = h.hash, incarnation = h.incarnation, sequence = h.sequence,
            idle_seconds = h.idle_seconds, wake = i.wake + 1, due_at = {DueNow("i")}
        FROM {From(HeartbeatRows.New)} AS h
        WHERE i.cluster = h.cluster AND NOT i.ended AND NOT (i.incarnation IS NOT DISTINCT FROM h.incarnation AND COALESCE(h.sequence < i.sequence, FALSE))
        RETURNING i.cluster
        """;

    public override string RecordJobs => $"""
        WITH seen AS MATERIALIZED (
            SELECT r.*
            FROM jobs AS j JOIN {From(JobRows.Seen)} AS r ON r.name = j.name
            WHERE j.state IN ({JobRows.LiveStates}) AND (j.state, j.reason, j.host, j.exit_code) IS DISTINCT FROM (r.state, r.reason, r.host, r.exit_code)
            ORDER BY j.name FOR UPDATE OF j
        )
        UPDATE jobs AS j
        SET state = r.state, reason = r.reason, host = r.host, exit_code = r.exit_code, handle = COALESCE(j.handle, r.handle),
            state_since = CASE WHEN j.state = r.state THEN j.state_since ELSE {Now} END,
            ended_at = CASE WHEN r.state = 'Ended' THEN {Now} END
        FROM seen AS r
        WHERE j.name = r.name
        RETURNING j.cluster
        """;

    public override string OvertakenStarts => $"""
        SELECT s.id, t.id, s.attempt, s.job, s.kind, s.cluster
        FROM outbox AS t JOIN outbox AS s ON s.job = t.job AND s.action = 'Start'
        WHERE t.backend = @backend AND t.action = 'Stop' AND t.due_at <= {Now} AND NOT s.claimed
        ORDER BY t.due_at, t.id LIMIT @max FOR UPDATE SKIP LOCKED
        """;

    public override string ClaimOutbox => $"""
        WITH due AS MATERIALIZED (
            SELECT c.id FROM outbox AS c LEFT JOIN jobs AS j ON j.name = c.job
            WHERE c.backend = @backend AND c.due_at <= {Now} AND c.action IN ('Start', 'Stop', 'CheckAddress')
              AND (@node IS NULL OR COALESCE(j.node, c.node, @node) = @node)
              AND NOT (c.action = 'Start' AND NOT c.claimed AND EXISTS (SELECT 1 FROM outbox AS t WHERE t.job = c.job AND t.action = 'Stop'))
              AND NOT (c.action = 'Stop' AND EXISTS (SELECT 1 FROM outbox AS s WHERE s.job = c.job AND s.action = 'Start'))
            ORDER BY c.due_at, c.id LIMIT @max FOR UPDATE OF c SKIP LOCKED
        )
        UPDATE outbox AS o
        SET claimed = TRUE, attempt = o.attempt + 1, claim = o.claim + 1, due_at = {Now} + @lease,
            node = CASE WHEN o.action = 'Start' THEN COALESCE(@node, o.node) ELSE o.node END
        FROM due
        WHERE o.id = due.id
        RETURNING o.id
        """;

    public override string Lock(string alias) => $"FOR UPDATE OF {alias}";

    public override string Returned(string alias) => $"{alias}.";

    public override string Later(string left, string right) => $"GREATEST({left}, {right})";

    public override string From<T>(RowSet<T> rows) =>
        $"(SELECT * FROM unnest({string.Join(", ", rows.Columns.Select(c => $"@{rows.Name}_{c.Name}"))}) AS u ({string.Join(", ", rows.Columns.Select(c => c.Name))}))";

    public override void Bind<T>(DbCommand command, RowSet<T> rows, IReadOnlyCollection<T> items)
    {
        foreach (var column in rows.Columns)
        {
            command.Parameters.Add(column.Type switch
            {
                ColumnType.Text => Array(NpgsqlDbType.Text, column, value => (string?)value),
                ColumnType.Whole => Array(NpgsqlDbType.Bigint, column, value => value is null ? (long?)null : Convert.ToInt64(value, CultureInfo.InvariantCulture)),
                ColumnType.Real => Array(NpgsqlDbType.Double, column, value => (double?)value),
                ColumnType.Id => Array(NpgsqlDbType.Uuid, column, value => (Guid?)value),
                _ => Array(NpgsqlDbType.Boolean, column, value => (bool?)value),
            });
        }

        NpgsqlParameter Array<TValue>(NpgsqlDbType type, Column<T> column, Func<object?, TValue> convert) => new($"{rows.Name}_{column.Name}", NpgsqlDbType.Array | type)
        {
            Value = items.Select(item => convert(column.Read(item))).ToArray(),
        };
    }
}
