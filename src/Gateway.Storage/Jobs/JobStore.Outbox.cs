using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Clusters;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Jobs;

internal sealed partial class JobStore
{
    private static readonly RowSet<OutboxResult> Results = new(
        "results",
        new("id", ColumnType.Whole, r => r.Entry.Id),
        new("claim", ColumnType.Whole, r => r.Entry.Claim),
        new("retry", ColumnType.Whole, r => r.RetryAfter is { } pause ? Micros.From(pause) : null),
        new("untried", ColumnType.Whole, r => r.NotTried ? 1L : 0L));

    private static readonly RowSet<long> Ids = new("ids", new Column<long>("id", ColumnType.Whole, id => id));

    public Task<IReadOnlyList<OutboxEntry>> ClaimOutboxAsync(string backend, string? node, int max, TimeSpan claimFor, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<OutboxEntry>>(
            "claim-outbox",
            async (session, token) =>
            {
                await FinishOvertakenAsync(session, backend, max, token);
                var ids = await session.Command(session.Sql.ClaimOutbox)
                    .With("backend", backend).WithText("node", node).With("max", max).With("lease", claimFor)
                    .QueryAsync(r => r.GetInt64(0), token);
                return ids.Count == 0 ? [] : await EntriesAsync(session, ids, token);
            },
            cancellationToken);

    public Task FinishOutboxAsync(IReadOnlyList<OutboxResult> results, CancellationToken cancellationToken) =>
        results.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync("finish-outbox", (session, token) => FinishAsync(session, results, token), cancellationToken);

    private static async Task FinishAsync(StoreSession session, IReadOnlyList<OutboxResult> results, CancellationToken cancellationToken)
    {
        var owned = (await session.Command($"""
            SELECT o.id FROM outbox AS o JOIN {session.Sql.From(Results)} AS r ON o.id = r.id AND o.claim = r.claim
            WHERE o.claimed ORDER BY o.id {session.Sql.Lock("o")}
            """).With(Results, results).QueryAsync(r => r.GetInt64(0), cancellationToken)).ToHashSet();
        var kept = results.Where(r => owned.Contains(r.Entry.Id)).ToList();
        if (kept.Count == 0)
        {
            return;
        }

        await SettleAsync(session, kept, cancellationToken);
        await StoreJobsAsync(session, kept, cancellationToken);
        var woken = kept.Where(r => r.RetryAfter is null || r.Job is not null).Select(r => r.Entry.Cluster).ToHashSet(StringComparer.Ordinal);
        await Wakes.WakeAsync(session, woken, cancellationToken);
        var events = kept.Select(r => r.Event).OfType<Gateway.Core.Events.ClusterEvent>().ToList();
        await Wakes.LockAsync(session, [.. events.Select(e => e.Cluster).Except(woken)], cancellationToken);
        await EventRows.AppendAsync(session, events, cancellationToken);
    }

    /// <summary>Done entries leave; others wait for their next try.</summary>
    private static async Task SettleAsync(StoreSession session, List<OutboxResult> results, CancellationToken cancellationToken)
    {
        var done = results.Where(r => r.RetryAfter is null).ToList();
        if (done.Count > 0)
        {
            await RemoveAsync(session, [.. done.Select(r => r.Entry.Id)], cancellationToken);
        }

        // A stop may have been waiting for nobody to be at a start any more.
        foreach (string backend in results.Where(r => r.Entry.Action == OutboxAction.Start).Select(r => r.Entry.Backend).Distinct())
        {
            session.Tell(ChangeKind.Outbox, backend);
        }

        if (done.Count < results.Count)
        {
            // A start that left nothing anywhere may be tried on another node next time.
            await session.Command($"""
                UPDATE outbox AS o
                SET claimed = FALSE, due_at = {session.Sql.Now} + r.retry, attempt = o.attempt - r.untried,
                    node = CASE WHEN o.action = 'Start' AND o.attempt = r.untried THEN NULL ELSE o.node END
                FROM {session.Sql.From(Results)} AS r
                WHERE o.id = r.id AND r.retry IS NOT NULL
                """).With(Results, results).ExecuteAsync(cancellationToken);
        }
    }

    private static async Task StoreJobsAsync(StoreSession session, List<OutboxResult> results, CancellationToken cancellationToken)
    {
        var verdicts = results.Where(r => r.Job is not null && r.Entry.Action == OutboxAction.CheckAddress).Select(r => r.Job!).ToList();
        var whole = results.Where(r => r.Job is not null && r.Entry.Action != OutboxAction.CheckAddress).Select(r => r.Job!).DistinctBy(j => j.Name).ToList();
        if (whole.Count > 0)
        {
            await UpsertAsync(session, whole, cancellationToken);
        }

        if (verdicts.Count > 0)
        {
            await JobRows.StoreVerdictsAsync(session, verdicts, cancellationToken);
        }
    }

    /// <summary>What is known already is kept where the new row does not say; a job that has ended stays ended.</summary>
    private static Task<int> UpsertAsync(StoreSession session, List<Job> jobs, CancellationToken cancellationToken) =>
        session.Command($"""
            INSERT INTO jobs (name, cluster, kind, backend, node, handle, state, reason, host, exit_code, close_expected, started_at, state_since, ended_at, clean)
            SELECT r.name, r.cluster, r.kind, r.backend, r.node, r.handle, r.state, r.reason, r.host, r.exit_code, FALSE, t.clock, t.clock,
                   CASE WHEN r.state = 'Ended' THEN t.clock END, FALSE
            FROM {session.Sql.From(JobRows.Whole)} AS r CROSS JOIN (SELECT {session.Sql.Now} AS clock) AS t WHERE TRUE ORDER BY r.name
            ON CONFLICT (name) DO UPDATE SET
                node = COALESCE(excluded.node, jobs.node), handle = COALESCE(excluded.handle, jobs.handle), host = COALESCE(excluded.host, jobs.host),
                state = excluded.state, reason = excluded.reason, exit_code = excluded.exit_code, ended_at = excluded.ended_at,
                started_at = CASE WHEN jobs.handle IS NULL AND excluded.handle IS NOT NULL THEN excluded.started_at ELSE jobs.started_at END,
                state_since = CASE WHEN jobs.state = excluded.state THEN jobs.state_since ELSE excluded.state_since END
            WHERE jobs.state IN ({JobRows.LiveStates})
            """).With(JobRows.Whole, jobs).ExecuteAsync(cancellationToken);

    /// <summary>
    /// Starts that a stop has overtaken and that nobody is trying. One that nobody has begun is recorded as ended, and both are done; one whose
    /// earlier try may have left a job behind is dropped, and the stop looks for that job.
    /// </summary>
    private static async Task FinishOvertakenAsync(StoreSession session, string backend, int max, CancellationToken cancellationToken)
    {
        var pairs = await session.Command(session.Sql.OvertakenStarts).With("backend", backend).With("max", max).QueryAsync(
            r => (Start: r.GetInt64(0), Stop: r.GetInt64(1), Attempts: r.GetInt32(2), Job: r.GetString(3), Kind: r.GetString(4), Cluster: r.GetString(5)), cancellationToken);
        if (pairs.Count == 0)
        {
            return;
        }

        // A start that was tried on a node may have left its job there: only that node's replicas can stop it.
        await session.Command($"""
            UPDATE outbox SET node = (SELECT s.node FROM outbox AS s WHERE s.job = outbox.job AND s.action = 'Start')
            WHERE node IS NULL AND id IN (SELECT id FROM {session.Sql.From(Ids)} AS i)
            """).With(Ids, [.. pairs.Where(p => p.Attempts > 0).Select(p => p.Stop)]).ExecuteAsync(cancellationToken);

        var never = pairs.Where(p => p.Attempts == 0).ToList();
        await RemoveAsync(session, [.. pairs.Select(p => p.Start), .. never.Select(p => p.Stop)], cancellationToken);
        var jobs = never
            .Where(p => EnumText<JobKind>.TryParse(p.Kind, out JobKind _))
            .Select(p => new Job
            {
                Name = p.Job,
                Cluster = p.Cluster,
                Kind = Enum.Parse<JobKind>(p.Kind),
                Backend = backend,
                State = JobState.Ended,
                Reason = "It was stopped before it was started.",
            })
            .ToList();
        if (jobs.Count > 0)
        {
            await UpsertAsync(session, jobs, cancellationToken);
            await Wakes.WakeAsync(session, jobs.Select(j => j.Cluster).ToHashSet(StringComparer.Ordinal), cancellationToken);
        }
    }

    private static Task<int> RemoveAsync(StoreSession session, IReadOnlyCollection<long> ids, CancellationToken cancellationToken) =>
        session.Command($"DELETE FROM outbox WHERE id IN (SELECT id FROM {session.Sql.From(Ids)} AS i)").With(Ids, ids).ExecuteAsync(cancellationToken);

    private static Task<List<OutboxEntry>> EntriesAsync(StoreSession session, List<long> ids, CancellationToken cancellationToken) =>
        session.Command($"""
            SELECT o.id, o.action, o.job, o.kind, o.cluster, o.backend, COALESCE(j.node, o.node), o.attempt, o.claim, o.argument, o.trace_parent, j.handle
            FROM outbox AS o LEFT JOIN jobs AS j ON j.name = o.job
            WHERE o.id IN (SELECT id FROM {session.Sql.From(Ids)} AS i)
            ORDER BY o.id
            """).With(Ids, ids).QueryAsync(
            r => new OutboxEntry
            {
                Id = r.GetInt64(0),
                Action = Enum.Parse<OutboxAction>(r.GetString(1)),
                Job = r.GetString(2),
                Kind = Enum.Parse<JobKind>(r.GetString(3)),
                Cluster = r.GetString(4),
                Backend = r.GetString(5),
                Node = r.Text(6),
                Attempt = r.GetInt32(7),
                Claim = r.GetInt64(8),
                Argument = r.Text(9),
                TraceParent = r.Text(10),
                Handle = r.Text(11),
            },
            cancellationToken);
}
