using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Jobs;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>What users and schedulers write. What they read is in the other parts.</summary>
internal sealed partial class ClusterStore(StoreDatabase database, StoreKeys keys, TimeProvider time) : IClusterStore
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

                // One text, so that it takes one round trip.
                var credentials = keys.Credentials.Seal(cluster.Name, cluster.Credentials);
                await session.Command($"""
                    INSERT INTO clusters (name, owner_id, options, spec, phase, worker_failures, created_at, revision)
                    VALUES (@name, @owner, @options, @spec, '{nameof(ClusterPhase.Accepted)}', 0, {session.Sql.Now}, 0);
                    INSERT INTO cluster_inbox (cluster, desired, stop_failed, ended, wake, due_at, generation, clients)
                    VALUES (@name, '{nameof(DesiredState.Running)}', FALSE, FALSE, 1, {session.Sql.Now}, 0, 0);
                    INSERT INTO credentials (cluster, certificate, token_hash, key_id, sealed_key, sealed_token)
                    VALUES (@name, @certificate, @token_hash, @key_id, @sealed_key, @sealed_token);
                    INSERT INTO events (cluster, at, kind, message) VALUES (@name, {session.Sql.Now}, '{EventKinds.ClusterCreated}', 'The cluster was taken on.')
                    """)
                    .With("name", cluster.Name)
                    .With("owner", cluster.OwnerId)
                    .With("options", cluster.Options)
                    .With("spec", JsonSerializer.Serialize(cluster.Spec, StorageJson.Default.ClusterSpec))
                    .With("certificate", credentials.Certificate)
                    .With("token_hash", credentials.TokenHash)
                    .With("key_id", credentials.KeyId)
                    .With("sealed_key", credentials.SealedKey)
                    .With("sealed_token", credentials.SealedToken)
                    .ExecuteAsync(token);
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
        var verdicts = latest.Select(h => h.Checked).OfType<Job>().ToList();
        return database.WriteAsync(
            "heartbeats",
            async (session, token) =>
            {
                if (closing.Count > 0)
                {
                    await ExpectCloseAsync(session, closing, token);
                }

                if (verdicts.Count > 0)
                {
                    await JobRows.StoreVerdictsAsync(session, verdicts, token);
                }

                // Most say what they have said before: then the lists of their workers stay at home.
                var refreshed = (await session.Command(session.Sql.RefreshHeartbeats).With(HeartbeatRows.Same, latest).NamesAsync(token)).ToHashSet(StringComparer.Ordinal);
                if (refreshed.Count == latest.Count)
                {
                    return;
                }

                var others = latest.Where(h => !refreshed.Contains(h.Cluster)).ToList();
                foreach (string cluster in await session.Command(session.Sql.RecordHeartbeats).With(HeartbeatRows.New, others).NamesAsync(token))
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
