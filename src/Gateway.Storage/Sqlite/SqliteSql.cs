using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Storage.Clusters;
using Gateway.Storage.Jobs;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Sqlite;

/// <summary>SQLite's statements. Rows come as one JSON text; there is one writer, so nothing needs locking or an order.</summary>
internal sealed class SqliteSql : StoreSql
{
    public override string Now => "@now";

    public override string TableExists => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = @table";

    public override string ClaimClusters => """
        UPDATE cluster_inbox
        SET lease_owner = @replica, lease_until = @now + @lease, due_at = @now + @lease, generation = generation + 1
        WHERE cluster IN (SELECT cluster FROM cluster_inbox WHERE due_at <= @now ORDER BY due_at LIMIT @max)
        RETURNING cluster, generation, wake, @now
        """;

    public override string RefreshHeartbeats => $"""
        UPDATE cluster_inbox AS i
        SET heartbeat_at = @now, sequence = h.sequence, idle_seconds = h.idle_seconds
        FROM {From(HeartbeatRows.Same)} AS h
        WHERE i.cluster = h.cluster AND NOT i.ended AND i.heartbeat_hash IS h.hash AND NOT COALESCE(h.sequence < i.sequence, FALSE)
        RETURNING cluster
        """;

    public override string RecordHeartbeats => $"""
        UPDATE cluster_inbox AS i
        SET heartbeat_at = @now, heartbeat = h.heartbeat, heartbeat_hash = h.hash, incarnation = h.incarnation, sequence = h.sequence,
            idle_seconds = h.idle_seconds, wake = i.wake + 1, due_at = {DueNow("i")}
        FROM {From(HeartbeatRows.New)} AS h
        WHERE i.cluster = h.cluster AND NOT i.ended AND NOT (i.incarnation IS h.incarnation AND COALESCE(h.sequence < i.sequence, FALSE))
        RETURNING cluster
        """;

    public override string RecordJobs => $"""
        UPDATE jobs AS j
        SET state = r.state, reason = r.reason, host = r.host, exit_code = r.exit_code, handle = COALESCE(j.handle, r.handle),
            state_since = CASE WHEN j.state = r.state THEN j.state_since ELSE @now END,
            ended_at = CASE WHEN r.state = 'Ended' THEN @now END
        FROM {From(JobRows.Seen)} AS r
        WHERE j.name = r.name AND j.state IN ({JobRows.LiveStates})
          AND (j.state, j.reason, j.host, j.exit_code) IS NOT (r.state, r.reason, r.host, r.exit_code)
        RETURNING cluster
        """;

    public override string OvertakenStarts => """
        SELECT s.id, t.id, s.attempt, s.job, s.kind, s.cluster
        FROM outbox AS t JOIN outbox AS s ON s.job = t.job AND s.action = 'Start'
        WHERE t.backend = @backend AND t.action = 'Stop' AND t.due_at <= @now AND NOT s.claimed
        ORDER BY t.due_at, t.id LIMIT @max
        """;

    public override string ClaimOutbox => """
        UPDATE outbox AS o
        SET claimed = TRUE, attempt = o.attempt + 1, claim = o.claim + 1, due_at = @now + @lease,
            node = CASE WHEN o.action = 'Start' THEN COALESCE(@node, o.node) ELSE o.node END
        FROM (
            SELECT c.id, j.handle, j.node FROM outbox AS c LEFT JOIN jobs AS j ON j.name = c.job
            WHERE c.backend = @backend AND c.due_at <= @now AND c.action IN ('Start', 'Stop', 'CheckAddress')
              AND (@node IS NULL OR COALESCE(j.node, c.node, @node) = @node)
              AND NOT (c.action = 'Start' AND NOT c.claimed AND EXISTS (SELECT 1 FROM outbox AS t WHERE t.job = c.job AND t.action = 'Stop'))
              AND NOT (c.action = 'Stop' AND EXISTS (SELECT 1 FROM outbox AS s WHERE s.job = c.job AND s.action = 'Start'))
            ORDER BY c.due_at, c.id LIMIT @max
        ) AS due
        WHERE o.id = due.id
        RETURNING id
        """;

    public override string Lock(string alias) => "";

    public override string Returned(string alias) => "";

    public override string Later(string left, string right) => $"max({left}, {right})";

    public override string From<T>(RowSet<T> rows) =>
        $"(SELECT {string.Join(", ", rows.Columns.Select((c, i) => $"value ->> {i.ToString(CultureInfo.InvariantCulture)} AS {c.Name}"))} FROM json_each(@{rows.Name}))";

    public override void Bind<T>(DbCommand command, RowSet<T> rows, IReadOnlyCollection<T> items)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var item in items)
            {
                json.WriteStartArray();
                foreach (var column in rows.Columns)
                {
                    Write(json, column.Read(item));
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        var parameter = command.CreateParameter();
        parameter.ParameterName = rows.Name;
        parameter.Value = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        command.Parameters.Add(parameter);
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteNumberValue(truth ? 1 : 0);
                break;
            case Guid id:
                // As the driver stores them.
                json.WriteStringValue(id.ToString().ToUpperInvariant());
                break;
            case double real:
                json.WriteNumberValue(real);
                break;
            default:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
