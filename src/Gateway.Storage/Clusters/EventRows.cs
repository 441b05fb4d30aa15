using Gateway.Core.Events;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>Lines for timelines.</summary>
internal static class EventRows
{
    private static readonly RowSet<(int Position, ClusterEvent Event)> All = new(
        "events",
        new("position", ColumnType.Whole, e => e.Position),
        new("cluster", ColumnType.Text, e => e.Event.Cluster),
        new("worker", ColumnType.Text, e => e.Event.Worker),
        new("at", ColumnType.Whole, e => e.Event.At == default ? null : Micros.From(e.Event.At)),
        new("kind", ColumnType.Text, e => e.Event.Kind),
        new("message", ColumnType.Text, e => e.Event.Message),
        new("count", ColumnType.Whole, e => e.Event.Count));

    /// <summary>
    /// Adds lines, those of unknown clusters left out. Whoever calls has the clusters' inbox rows locked: ids of one timeline then
    /// become visible in their order, and a reader that goes on from the last one it saw misses none.
    /// </summary>
    public static async Task AppendAsync(StoreSession session, IReadOnlyCollection<ClusterEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count > 0)
        {
            await session.Command($"""
                INSERT INTO events (cluster, worker, at, kind, message, count)
                SELECT e.cluster, e.worker, COALESCE(e.at, {session.Sql.Now}), e.kind, e.message, e.count
                FROM {session.Sql.From(All)} AS e
                WHERE EXISTS (SELECT 1 FROM cluster_inbox AS i WHERE i.cluster = e.cluster)
                ORDER BY e.position
                """).With(All, [.. events.Index()]).ExecuteAsync(cancellationToken);
        }
    }
}
