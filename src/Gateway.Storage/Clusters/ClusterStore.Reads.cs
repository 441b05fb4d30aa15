using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Clusters;

internal sealed partial class ClusterStore
{
    public Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "find",
            async (session, token) =>
            {
                var found = await ClusterRows.Where(session, "c.name = @name").With("name", name).QueryAsync(ClusterRows.Read, token);
                return found.Count == 0
                    ? null
                    : found[0] ?? throw new StoreUnavailableException($"Cluster {name} is in a state that only a newer version of the gateway knows.");
            },
            cancellationToken);

    public Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken) =>
        database.QueryAsync<IReadOnlyList<ClusterView>>(
            "list",
            async (session, token) =>
            {
                // The names of phases are constants of ours.
                string phases = filter.Phases.Count == 0 ? "FALSE" : $"c.phase IN ({string.Join(", ", filter.Phases.Order().Select(p => $"'{p}'"))})";
                string closing = filter.Phases.Contains(ClusterPhase.Closing) ? "TRUE" : "FALSE";
                string owned = filter.OwnerId is null ? "" : "c.owner_id = @owner AND ";

                // Without ended phases an index of live rows answers, however long the history is.
                string live = filter.Phases.Any(p => p.IsEnded()) ? "" : "c.ended_at IS NULL AND ";

                // A cluster that was asked to stop shows as closing from that moment on, whatever its row says.
                var command = ClusterRows.Where(session, $"""
                    {owned}{live}CASE WHEN i.desired = '{nameof(DesiredState.Stopped)}' AND c.ended_at IS NULL THEN {closing} ELSE {phases} END
                    ORDER BY c.created_at DESC, c.name LIMIT @max
                    """).With("max", filter.Max);
                if (filter.OwnerId is { } owner)
                {
                    command.With("owner", owner);
                }

                return [.. (await command.QueryAsync(ClusterRows.Read, token)).OfType<ClusterView>()];
            },
            cancellationToken);

    public Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.QueryAsync<IReadOnlyDictionary<string, ClusterCredentials>>(
            "credentials",
            async (session, token) =>
            {
                var rows = await session.Command($"""
                    SELECT cluster, certificate, token_hash, key_id, sealed_key, sealed_token FROM credentials
                    WHERE cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
                    """).WithNames(names).QueryAsync(
                    r => new CredentialRow
                    {
                        Cluster = r.GetString(0),
                        Certificate = r.GetString(1),
                        TokenHash = r.GetFieldValue<byte[]>(2),
                        KeyId = r.GetString(3),
                        SealedKey = r.GetFieldValue<byte[]>(4),
                        SealedToken = r.GetFieldValue<byte[]>(5),
                    },
                    token);
                var blocked = rows.Where(r => !keys.Credentials.CanOpen(r)).ToList();
                return blocked.Count == 0
                    ? rows.ToDictionary(r => r.Cluster, keys.Credentials.Open, StringComparer.Ordinal)
                    : throw new MissingKeyException(
                        $"Credentials of {string.Join(", ", blocked.Select(r => $"cluster {r.Cluster} (key {r.KeyId})"))} are encrypted under a key that is not configured.",
                        [.. blocked.Select(r => r.Cluster)]);
            },
            cancellationToken);

    public Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "token",
            async (session, token) =>
            {
                var hashes = await session.Command("SELECT token_hash FROM credentials WHERE cluster = @name").With("name", name)
                    .QueryAsync(r => r.GetFieldValue<byte[]>(0), token);
                return hashes.Count == 0 ? null : new TokenRecord(name, hashes[0]);
            },
            cancellationToken);

    public Task<IReadOnlyList<ClusterEvent>> EventsAsync(string name, long after, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ClusterEvent>>(
            "events",
            async (session, token) => await session.Context.Events
                .Where(e => e.Cluster == name && e.Id > after)
                .OrderBy(e => e.Id)
                .Take(max)
                .Select(e => new ClusterEvent { Id = e.Id, Cluster = e.Cluster, Worker = e.Worker, At = e.At, Kind = e.Kind, Message = e.Message, Count = e.Count })
                .ToListAsync(token),
            cancellationToken);

    public Task<IReadOnlyList<WorkerView>> WorkersAsync(string name, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerView>>(
            "workers",
            async (session, token) =>
            {
                var rows = await (
                    from w in session.Context.Workers.Where(w => w.Cluster == name).OrderByDescending(w => w.SubmittedAt).ThenBy(w => w.Name).Take(max)
                    join j in session.Context.Jobs on w.Name equals j.Name into jobs
                    from j in jobs.DefaultIfEmpty()
                    orderby w.SubmittedAt descending, w.Name
                    select new { Worker = w, Job = j }).ToListAsync(token);
                var views = new List<WorkerView>(rows.Count);
                foreach (var row in rows)
                {
                    Job? job = null;
                    if (RowReader.TryRead(row.Worker, out var worker) && (row.Job is null || RowReader.TryRead(row.Job, out job)))
                    {
                        views.Add(new WorkerView(worker, job));
                    }
                }

                return views;
            },
            cancellationToken);

    public Task<Job?> JobAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "job",
            async (session, token) =>
            {
                var row = await session.Context.Jobs.FirstOrDefaultAsync(j => j.Name == name, token);
                return row is not null && RowReader.TryRead(row, out var job) ? job : null;
            },
            cancellationToken);

    public Task<IReadOnlyList<Cluster>> RoutesAsync(IReadOnlyCollection<string>? names, CancellationToken cancellationToken) =>
        database.QueryAsync<IReadOnlyList<Cluster>>(
            "routes",
            async (session, token) =>
            {
                const string Routed = $"c.ended_at IS NULL AND c.phase = '{nameof(ClusterPhase.Running)}' AND c.scheduler_address IS NOT NULL";
                var command = names is null
                    ? ClusterRows.Where(session, Routed)
                    : ClusterRows.Where(session, $"{Routed} AND c.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)").WithNames(names);
                return [.. (await command.QueryAsync(ClusterRows.Read, token)).OfType<ClusterView>().Select(view => view.Cluster)];
            },
            cancellationToken);
}
