using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>Heartbeats as statements take them.</summary>
internal static class HeartbeatRows
{
    /// <summary>As far as they are told from what was said before, and what changes with each.</summary>
    public static RowSet<ReceivedHeartbeat> Same { get; } = new(
        "heartbeats",
        new("cluster", ColumnType.Text, h => h.Cluster),
        new("hash", ColumnType.Whole, h => h.Hash),
        new("sequence", ColumnType.Whole, h => h.Heartbeat.Sequence),
        new("idle_seconds", ColumnType.Real, h => Idle(h.Heartbeat)));

    /// <summary>All of them.</summary>
    public static RowSet<ReceivedHeartbeat> New { get; } = new(
        "heartbeats",
        new("cluster", ColumnType.Text, h => h.Cluster),
        new("hash", ColumnType.Whole, h => h.Hash),
        new("incarnation", ColumnType.Text, h => h.Heartbeat.Incarnation),
        new("sequence", ColumnType.Whole, h => h.Heartbeat.Sequence),
        new("idle_seconds", ColumnType.Real, h => Idle(h.Heartbeat)),
        new("heartbeat", ColumnType.Text, h => JsonSerializer.Serialize(
            h.Heartbeat with { Incarnation = null, Sequence = null, IdleSeconds = null }, StorageJson.Default.Heartbeat)));

    /// <summary>Workers that a scheduler has said it will let go.</summary>
    public static RowSet<(string Cluster, string Worker)> Closing { get; } = new(
        "closing",
        new("cluster", ColumnType.Text, c => c.Cluster),
        new("worker", ColumnType.Text, c => c.Worker));

    /// <summary>The one of each cluster that counts: the last, unless it is older than another of its incarnation.</summary>
    public static List<ReceivedHeartbeat> Latest(IEnumerable<ReceivedHeartbeat> heartbeats)
    {
        var latest = new Dictionary<string, ReceivedHeartbeat>(StringComparer.Ordinal);
        foreach (var next in heartbeats)
        {
            if (!latest.TryGetValue(next.Cluster, out var held) || !IsOlder(next, held))
            {
                latest[next.Cluster] = next;
            }
        }

        return [.. latest.Values.OrderBy(h => h.Cluster, StringComparer.Ordinal)];
    }

    private static double? Idle(Heartbeat heartbeat) => heartbeat.IdleSeconds is { } idle && double.IsFinite(idle) ? idle : null;

    private static bool IsOlder(ReceivedHeartbeat next, ReceivedHeartbeat held) =>
        next.Heartbeat.Incarnation == held.Heartbeat.Incarnation && next.Heartbeat.Sequence < held.Heartbeat.Sequence;
}
