using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>What users and schedulers write. What they read is in the other parts.</summary>
internal sealed partial class ClusterStore(StoreDatabase database, StoreKeys keys) : IClusterStore
{
    public Task<bool> CreateAsync(NewCluster cluster, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "create",
            async (session, token) =>
            {
                if (cluster.MaxOwned is { } most && await CountOwnedAsync(session, cluster.OwnerId, token) >= most)
                {
                    session.Refuse();
                    return false;
                }

                var now = await session.NowAsync(token);
                session.Context.Add(new ClusterRow
                {
                    Name = cluster.Name,
                    OwnerId = cluster.OwnerId,
                    Options = cluster.Options,
                    Spec = JsonSerializer.Serialize(cluster.Spec, StorageJson.Default.ClusterSpec),
                    Phase = nameof(ClusterPhase.Accepted),
                    CreatedAt = now,
                });
                session.Context.Add(new InboxRow { Cluster = cluster.Name, Desired = nameof(DesiredState.Running), Wake = 1, DueAt = now });
                session.Context.Add(keys.Credentials.Seal(cluster.Name, cluster.Credentials));
                session.Context.Add(new EventRow { Cluster = cluster.Name, At = now, Kind = EventKinds.ClusterCreated, Message = "The cluster was taken on." });
                await session.Context.SaveChangesAsync(token);
                session.Tell(ChangeKind.Due, cluster.Name);
                return true;
            },
            cancellationToken);

    public Task RequestStopAsync(string name, string reason, bool failed, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "request-stop",
            async (session, token) =>
            {
                int asked = await session.Command($"""
                    UPDATE cluster_inbox AS i
                    SET desired = @stopped, stop_reason = @reason, stop_failed = @failed, wake = i.wake + 1, due_at = {session.Sql.DueNow("i")}
                    WHERE i.cluster = @cluster AND i.desired = @running AND NOT i.ended
                    """)
                    .With("cluster", name)
                    .With("running", nameof(DesiredState.Running))
                    .With("stopped", nameof(DesiredState.Stopped))
                    .With("reason", reason)
                    .With("failed", failed)
                    .ExecuteAsync(token);
                if (asked > 0)
                {
                    session.Tell(ChangeKind.Due, name);
                    session.Tell(ChangeKind.Phase, name);
                }
            },
            cancellationToken);

    public Task RecordHeartbeatsAsync(IReadOnlyList<ReceivedHeartbeat> heartbeats, CancellationToken cancellationToken)
    {
        if (heartbeats.Count == 0)
        {
            return Task.CompletedTask;
        }

        // A name is told once, perhaps by a heartbeat that another of this batch replaces.
        var closing = heartbeats.SelectMany(h => h.Heartbeat.Closing.Select(worker => (h.Cluster, worker))).Distinct().ToList();
        var latest = HeartbeatRows.Latest(heartbeats);
        return database.WriteAsync(
            "heartbeats",
            async (session, token) =>
            {
                if (closing.Count > 0)
                {
                    await ExpectCloseAsync(session, closing, token);
                }

                foreach (string cluster in await session.Command(session.Sql.RecordHeartbeats).With(HeartbeatRows.All, latest).NamesAsync(token))
                {
                    session.Tell(ChangeKind.Due, cluster);
                }
            },
            cancellationToken);
    }

    public Task AppendEventsAsync(IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken) =>
        events.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                "append-events",
                async (session, token) =>
                {
                    await Wakes.LockAsync(session, [.. events.Select(e => e.Cluster).Distinct()], token);
                    await EventRows.AppendAsync(session, events, token);
                },
                cancellationToken);

    // The user's row is locked first: whoever else creates one for them waits, and then counts this one too.
    private static async Task<long> CountOwnedAsync(StoreSession session, Guid owner, CancellationToken cancellationToken)
    {
        await session.Command($"SELECT u.display_name FROM users AS u WHERE u.id = @owner {session.Sql.Lock("u")}").With("owner", owner).NamesAsync(cancellationToken);
        var counts = await session.Command($"""
            SELECT count(*) FROM clusters AS c JOIN cluster_inbox AS i ON i.cluster = c.name
            WHERE c.owner_id = @owner AND c.ended_at IS NULL AND c.phase <> '{nameof(ClusterPhase.Closing)}' AND i.desired = '{nameof(DesiredState.Running)}'
            """).With("owner", owner).QueryAsync(r => r.GetInt64(0), cancellationToken);
        return counts[0];
    }

    // Ended jobs too: the batch system may tell of a worker's end before its scheduler's farewell is stored.
    private static Task<int> ExpectCloseAsync(StoreSession session, List<(string Cluster, string Worker)> closing, CancellationToken cancellationToken) =>
        session.Command($"""
            UPDATE jobs AS j SET close_expected = TRUE
            FROM (
                SELECT k.name FROM {session.Sql.From(HeartbeatRows.Closing)} AS c JOIN jobs AS k ON k.name = c.worker AND k.cluster = c.cluster
                WHERE NOT k.close_expected AND EXISTS (SELECT 1 FROM cluster_inbox AS i WHERE i.cluster = k.cluster AND NOT i.ended)
                ORDER BY k.name {session.Sql.Lock("k")}
            ) AS l
            WHERE j.name = l.name
            """).With(HeartbeatRows.Closing, closing).ExecuteAsync(cancellationToken);
}
