using System.Data.Common;
using Gateway.Core.Clusters;
using Gateway.Storage.Clusters;
using Gateway.Storage.Jobs;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Reconciliation;

/// <summary>Reads snapshots: three queries for any number of clusters, none of which looks at ended workers.</summary>
internal static class SnapshotLoader
{
    /// <summary>A cluster with one unreadable row, be it a worker's or a job's, is left out whole: planned without it, its place would be filled.</summary>
    public static async Task<IReadOnlyDictionary<string, ClusterSnapshot>> LoadAsync(StoreSession session, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var clusters = await session.Command($"""
            SELECT {ClusterRows.Columns}, {InboxRows.Columns}, {JobRows.Columns}
            FROM clusters AS c JOIN cluster_inbox AS i ON i.cluster = c.name LEFT JOIN jobs AS j ON j.name = c.name
            WHERE c.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
            """).WithNames(names).QueryAsync(ReadCluster, cancellationToken);
        var workers = await session.Command($"""
            SELECT {WorkerRows.Columns}, {JobRows.Columns}
            FROM workers AS w LEFT JOIN jobs AS j ON j.name = w.name
            WHERE w.ended_at IS NULL AND w.cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
            ORDER BY w.submitted_at, w.name
            """).WithNames(names).QueryAsync(r => (Worker: WorkerRows.Row(r), Job: JobRows.Row(r, WorkerRows.Count)), cancellationToken);
        var continuity = await Continuity.ReadAsync(session, cancellationToken);

        var byCluster = workers.ToLookup(w => w.Worker.Cluster, w => (w.Worker, w.Job), StringComparer.Ordinal);
        var result = new Dictionary<string, ClusterSnapshot>(StringComparer.Ordinal);
        foreach (var row in clusters)
        {
            if (RowReader.TryRead(row.Cluster, out var cluster) && RowReader.TryRead(row.Inbox, out var inbox)
                && ReadJobs([(null, row.Job), .. byCluster[cluster.Name]]) is var (read, jobs))
            {
                result[cluster.Name] = new ClusterSnapshot
                {
                    Cluster = cluster,
                    Workers = read,
                    Inbox = inbox,
                    Jobs = jobs,
                    HearingSince = continuity.HearingSince,
                    SeeingSince = SeeingSince(continuity, jobs.Values),
                };
            }
        }

        return result;
    }

    private static (ClusterRow Cluster, InboxRow Inbox, JobRow? Job) ReadCluster(DbDataReader row)
    {
        var cluster = ClusterRows.Row(row);
        return (cluster, InboxRows.Row(row, cluster.Name, ClusterRows.Count), JobRows.Row(row, ClusterRows.Count + InboxRows.Count));
    }

    private static (List<Worker> Workers, Dictionary<string, Job> Jobs)? ReadJobs(IEnumerable<(WorkerRow? Worker, JobRow? Job)> rows)
    {
        var workers = new List<Worker>();
        var jobs = new Dictionary<string, Job>(StringComparer.Ordinal);
        foreach (var (workerRow, jobRow) in rows)
        {
            if (workerRow is not null)
            {
                if (!RowReader.TryRead(workerRow, out var worker))
                {
                    return null;
                }

                workers.Add(worker);
            }

            if (jobRow is not null)
            {
                if (!RowReader.TryRead(jobRow, out var job))
                {
                    return null;
                }

                jobs[job.Name] = job;
            }
        }

        return (workers, jobs);
    }

    /// <summary>Of a node-bound backend only the nodes count that this cluster's jobs are on.</summary>
    private static Dictionary<string, DateTimeOffset> SeeingSince(Continuity continuity, IReadOnlyCollection<Job> jobs)
    {
        var result = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (string backend in continuity.Backends)
        {
            var nodes = jobs.Where(j => j.Backend == backend).Select(j => j.Node).OfType<string>().ToHashSet(StringComparer.Ordinal);
            if (continuity.Since(backend, nodes) is { } since)
            {
                result[backend] = since;
            }
        }

        return result;
    }
}
