using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Clusters;
using Gateway.Storage.Reconciliation;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Jobs;

/// <summary>What monitors write and read. Locks are taken in one order everywhere: outbox, jobs, inbox, clusters.</summary>
internal sealed partial class JobStore(StoreDatabase database) : IJobStore
{
    public Task<IReadOnlyDictionary<string, ClusterSnapshot>> SnapshotsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync("snapshots", (session, token) => SnapshotLoader.LoadAsync(session, names, token), cancellationToken);

    public Task<(IReadOnlyList<Job> Jobs, string? Next)> LiveJobsAsync(string backend, string? node, string? after, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<(IReadOnlyList<Job>, string?)>(
            "live-jobs",
            async (session, token) =>
            {
                var rows = await JobRows.Live(session, "j.name > @after", "ORDER BY j.name LIMIT @max")
                    .With("backend", backend).WithText("node", node).With("after", after ?? "").With("max", max)
                    .QueryAsync(r => (Name: r.GetString(0), Job: JobRows.Read(r)), token);
                return ([.. rows.Select(r => r.Job).OfType<Job>()], rows.Count == max ? rows[^1].Name : null);
            },
            cancellationToken);

    public Task<IReadOnlyList<Job>> LiveJobsByNameAsync(string backend, string? node, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Job>>(
            "live-jobs-by-name",
            async (session, token) =>
            {
                var rows = await JobRows.Live(session, $"j.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)", "ORDER BY j.name")
                    .With("backend", backend).WithText("node", node).WithNames(names).QueryAsync(JobRows.Read, token);
                return [.. rows.OfType<Job>()];
            },
            cancellationToken);

    public Task RecordJobsAsync(IReadOnlyList<Job> jobs, IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0 && events.Count == 0)
        {
            return Task.CompletedTask;
        }

        return database.WriteAsync(
            "record-jobs",
            async (session, token) =>
            {
                var changed = jobs.Count == 0
                    ? []
                    : await session.Command(session.Sql.RecordJobs).With(JobRows.Seen, [.. jobs.DistinctBy(j => j.Name)]).NamesAsync(token);
                await Wakes.WakeAsync(session, [.. changed.Distinct()], token);
                await Wakes.LockAsync(session, [.. events.Select(e => e.Cluster).Except(changed)], token);
                await EventRows.AppendAsync(session, events, token);
            },
            cancellationToken);
    }

    public Task RecordListingAsync(string backend, string? node, TimeSpan gap, CancellationToken cancellationToken) =>
        database.WriteAsync("record-listing", (session, token) => Continuity.ContinueAsync(session, backend, node ?? "", gap, token), cancellationToken);

    public Task<IReadOnlyDictionary<string, string?>> KnownJobsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<string, string?>>(
            "known-jobs",
            async (session, token) =>
            {
                var known = await session.Command($"""
                    SELECT n.name, j.handle
                    FROM {session.Sql.From(RowSets.Names)} AS n LEFT JOIN jobs AS j ON j.name = n.name
                    WHERE EXISTS (SELECT 1 FROM workers AS w WHERE w.name = n.name AND w.ended_at IS NULL)
                       OR EXISTS (SELECT 1 FROM clusters AS c WHERE c.name = n.name AND c.ended_at IS NULL)
                       OR EXISTS (SELECT 1 FROM outbox AS o WHERE o.job = n.name AND o.action = '{nameof(OutboxAction.Start)}')
                    """).WithNames(names).QueryAsync(r => (Name: r.GetString(0), Handle: r.IsDBNull(1) ? null : r.GetString(1)), token);
                return known.DistinctBy(k => k.Name).ToDictionary(k => k.Name, k => k.Handle, StringComparer.Ordinal);
            },
            cancellationToken);

    public Task<IReadOnlyList<Job>> UncleanJobsAsync(string backend, string? node, TimeSpan age, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Job>>(
            "unclean-jobs",
            async (session, token) =>
            {
                var jobs = await session.Command($"""
                    SELECT {JobRows.Columns} FROM jobs AS j
                    WHERE j.backend = @backend AND j.ended_at IS NOT NULL AND j.ended_at <= {session.Sql.Now} - @age AND NOT j.clean AND {JobRows.OfNode}
                    ORDER BY j.ended_at LIMIT @max
                    """).With("backend", backend).WithText("node", node).With("age", age).With("max", max).QueryAsync(JobRows.Read, token);
                return [.. jobs.OfType<Job>()];
            },
            cancellationToken);

    public Task MarkCleanAsync(IReadOnlyCollection<string> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                "mark-clean",
                (session, token) => session.Command($"""
                    UPDATE jobs AS j SET clean = TRUE
                    FROM (SELECT k.name FROM jobs AS k WHERE k.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n) ORDER BY k.name {session.Sql.Lock("k")}) AS l
                    WHERE j.name = l.name AND j.ended_at IS NOT NULL
                    """).WithNames(jobs).ExecuteAsync(token),
                cancellationToken);
}
