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
    // Jobs of a node, of those where the backend is bound to one.
    private const string OfNode = "(@node IS NULL OR j.node IS NULL OR j.node = @node)";

    public Task<IReadOnlyDictionary<string, ClusterSnapshot>> SnapshotsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync("snapshots", (session, token) => SnapshotLoader.LoadAsync(session, names, token), cancellationToken);

    public Task<(DateTimeOffset Now, IReadOnlyList<Job> Jobs)> LiveJobsAsync(string backend, string? node, CancellationToken cancellationToken) =>
        database.ReadAsync<(DateTimeOffset, IReadOnlyList<Job>)>(
            "live-jobs",
            async (session, token) =>
            {
                // The clock first: what is recorded after it cannot be among the rows.
                var now = await session.NowAsync(token);
                var jobs = await session.Command($"SELECT {JobRows.Columns} FROM jobs AS j WHERE j.backend = @backend AND j.ended_at IS NULL AND {OfNode}")
                    .With("backend", backend).WithText("node", node).QueryAsync(JobRows.Read, token);
                return (now, [.. jobs.OfType<Job>()]);
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

    public Task<IReadOnlySet<string>> KnownJobsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlySet<string>>(
            "known-jobs",
            async (session, token) =>
            {
                string wanted = $"SELECT name FROM {session.Sql.From(RowSets.Names)} AS n";
                var known = await session.Command($"""
                    SELECT w.name FROM workers AS w WHERE w.ended_at IS NULL AND w.name IN ({wanted})
                    UNION SELECT c.name FROM clusters AS c WHERE c.ended_at IS NULL AND c.name IN ({wanted})
                    UNION SELECT o.job FROM outbox AS o WHERE o.action = '{nameof(OutboxAction.Start)}' AND o.job IN ({wanted})
                    """).WithNames(names).NamesAsync(token);
                return known.ToHashSet(StringComparer.Ordinal);
            },
            cancellationToken);

    public Task<IReadOnlyList<Job>> UncleanJobsAsync(string backend, string? node, TimeSpan age, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Job>>(
            "unclean-jobs",
            async (session, token) =>
            {
                var jobs = await session.Command($"""
                    SELECT {JobRows.Columns} FROM jobs AS j
                    WHERE j.backend = @backend AND j.ended_at IS NOT NULL AND j.ended_at <= {session.Sql.Now} - @age AND NOT j.clean AND {OfNode}
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
