using System.Data.Common;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Reconciliation;

/// <summary>Inbox rows as a snapshot needs them.</summary>
internal static class InboxRows
{
    /// <summary>Columns of <c>cluster_inbox AS i</c>, as <see cref="Row"/> reads them.</summary>
    public const string Columns = """
        i.desired, i.stop_reason, i.stop_failed, i.clients, i.no_client_since, i.heartbeat_at, i.incarnation, i.sequence, i.idle_seconds, i.heartbeat
        """;

    /// <summary>How many they are.</summary>
    public const int Count = 10;

    public static InboxRow Row(DbDataReader row, string cluster, int first) => new()
    {
        Cluster = cluster,
        Desired = row.GetString(first),
        StopReason = row.Text(first + 1),
        StopFailed = row.GetBoolean(first + 2),
        Clients = row.GetInt32(first + 3),
        NoClientSince = row.TimeOrNull(first + 4),
        HeartbeatAt = row.TimeOrNull(first + 5),
        Incarnation = row.Text(first + 6),
        Sequence = row.Whole(first + 7),
        IdleSeconds = row.IsDBNull(first + 8) ? null : row.GetDouble(first + 8),
        Heartbeat = row.Text(first + 9),
    };
}
