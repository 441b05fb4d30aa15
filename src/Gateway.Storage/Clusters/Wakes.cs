using Gateway.Core.Store;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>Wakes clusters, in the transaction of whatever they are woken for.</summary>
internal static class Wakes
{
    /// <summary>Ended clusters sleep on. The rows stay locked, taken in key order, until the transaction ends.</summary>
    public static async Task WakeAsync(StoreSession session, IReadOnlyCollection<string> clusters, CancellationToken cancellationToken)
    {
        if (clusters.Count == 0)
        {
            return;
        }

        var woken = await session.Command($"""
            UPDATE cluster_inbox AS i SET wake = i.wake + 1, due_at = {session.Sql.DueNow("i")}
            FROM ({Locked(session)}) AS l
            WHERE i.cluster = l.cluster AND NOT i.ended
            RETURNING {session.Sql.Returned("i")}cluster
            """).WithNames(clusters).NamesAsync(cancellationToken);
        foreach (string cluster in woken)
        {
            session.Tell(ChangeKind.Due, cluster);
        }
    }

    /// <summary>Locks clusters' inbox rows, in key order.</summary>
    public static Task LockAsync(StoreSession session, IReadOnlyCollection<string> clusters, CancellationToken cancellationToken) =>
        session.Command(Locked(session)).WithNames(clusters).NamesAsync(cancellationToken);

    private static string Locked(StoreSession session) => $"""
        SELECT k.cluster FROM cluster_inbox AS k WHERE k.cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
        ORDER BY k.cluster {session.Sql.Lock("k")}
        """;
}
