using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Clusters;

internal sealed partial class ClusterStore
{
    public Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "find",
            async (session, token) =>
            {
                var found = await (
                    from c in session.Context.Clusters
                    join i in session.Context.Inbox on c.Name equals i.Cluster
                    where c.Name == name
                    select new { Cluster = c, i.Desired, i.StopReason }).FirstOrDefaultAsync(token);
                return found is null
                    ? null
                    : RowReader.View(found.Cluster, found.Desired, found.StopReason)
                        ?? throw new StoreUnavailableException($"Cluster {name} is in a state that only a newer version of the gateway knows.");
            },
            cancellationToken);

    public Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ClusterView>>(
            "list",
            async (session, token) =>
            {
                string[] phases = [.. filter.Phases.Select(p => p.ToString())];
                bool closing = filter.Phases.Contains(ClusterPhase.Closing);
                var rows = session.Context.Clusters.AsQueryable();
                if (filter.OwnerId is { } owner)
                {
                    rows = rows.Where(c => c.OwnerId == owner);
                }

                // Without ended phases an index of live rows answers, however long the history is.
                if (!filter.Phases.Any(p => p.IsEnded()))
                {
                    rows = rows.Where(c => c.EndedAt == null);
                }

                // A cluster that was asked to stop shows as closing from that moment on, whatever its row says.
                var found = await (
                    from c in rows
                    join i in session.Context.Inbox on c.Name equals i.Cluster
                    where i.Desired == nameof(DesiredState.Stopped) && c.EndedAt == null ? closing : phases.Contains(c.Phase)
                    orderby c.CreatedAt descending, c.Name
                    select new { Cluster = c, i.Desired, i.StopReason }).Take(filter.Max).ToListAsync(token);
                return [.. found.Select(f => RowReader.View(f.Cluster, f.Desired, f.StopReason)).OfType<ClusterView>()];
            },
            cancellationToken);

    public Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<string, ClusterCredentials>>(
            "credentials",
            async (session, token) =>
            {
                var rows = await session.Context.Credentials.Where(c => names.Contains(c.Cluster)).ToListAsync(token);
                var blocked = rows.Where(r => !keys.Credentials.CanOpen(r)).ToList();
                return blocked.Count == 0
                    ? rows.ToDictionary(r => r.Cluster, keys.Credentials.Open, StringComparer.Ordinal)
                    : throw new MissingKeyException(
                        $"Credentials of {string.Join(", ", blocked.Select(r => $"cluster {r.Cluster} (key {r.KeyId})"))} are encrypted under a key that is not configured.",
                        [.. blocked.Select(r => r.Cluster)]);
            },
            cancellationToken);

    public Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "token",
            async (session, token) =>
            {
                byte[]? hash = await session.Context.Credentials.Where(c => c.Cluster == name).Select(c => c.TokenHash).FirstOrDefaultAsync(token);
                return hash is null ? null : new TokenRecord(name, hash);
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
        database.ReadAsync<IReadOnlyList<Cluster>>(
            "routes",
            async (session, token) =>
            {
                var rows = session.Context.Clusters.Where(c => c.EndedAt == null && c.Phase == nameof(ClusterPhase.Running) && c.SchedulerAddress != null);
                if (names is not null)
                {
                    rows = rows.Where(c => names.Contains(c.Name));
                }

                var clusters = new List<Cluster>();
                await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(token))
                {
                    if (RowReader.TryRead(row, out var cluster))
                    {
                        clusters.Add(cluster);
                    }
                }

                return clusters;
            },
            cancellationToken);
}
