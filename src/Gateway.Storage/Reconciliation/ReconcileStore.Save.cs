using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Clusters;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Reconciliation;

internal sealed partial class ReconcileStore
{
    public Task<SaveOutcome> SaveAsync(PlanSave plan, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "save",
            async (session, token) =>
            {
                if (await EndLeaseAsync(session, plan, token)
                    && await SaveClusterAsync(session, plan, token)
                    && await SaveWorkersAsync(session, plan.ChangedWorkers, plan.Claim.Cluster, token))
                {
                    var granted = await GrantAsync(session, plan, token);
                    await SaveOutboxAsync(session, plan, granted, token);
                    await EventRows.AppendAsync(session, plan.Events, token);
                    return SaveOutcome.Saved;
                }

                session.Refuse();
                return SaveOutcome.Lost;
            },
            cancellationToken);

    /// <summary>The guard and the release in one: only the holder of this very lease, while it runs, may save. Locks the row until the commit.</summary>
    private static async Task<bool> EndLeaseAsync(StoreSession session, PlanSave plan, CancellationToken cancellationToken)
    {
        var ended = await session.Command($"""
            UPDATE cluster_inbox AS i
            SET lease_owner = NULL, lease_until = NULL, due_at = CASE WHEN i.wake = @wake THEN @due ELSE {session.Sql.Now} END,
                ended = i.ended OR @ended,
                no_client_since = CASE WHEN @running AND i.clients = 0 THEN COALESCE(i.no_client_since, {session.Sql.Now}) ELSE i.no_client_since END
            WHERE i.cluster = @cluster AND i.generation = @generation AND i.lease_until > {session.Sql.Now}
            RETURNING COALESCE({session.Sql.Returned("i")}due_at <= {session.Sql.Now}, FALSE)
            """)
            .With("cluster", plan.Claim.Cluster)
            .With("generation", plan.Claim.Generation)
            .With("wake", plan.Claim.Wake)
            .WithTime("due", plan.DueAt)
            .With("ended", plan.Cluster?.Phase.IsEnded() ?? false)
            .With("running", plan.Cluster?.Phase == ClusterPhase.Running)
            .QueryAsync(r => r.GetBoolean(0), cancellationToken);
        if (ended is [true])
        {
            session.Tell(ChangeKind.Due, plan.Claim.Cluster);
        }

        return ended.Count == 1;
    }

    private static async Task<bool> SaveClusterAsync(StoreSession session, PlanSave plan, CancellationToken cancellationToken)
    {
        if (plan.Cluster is not { } cluster)
        {
            // A plan that only waits leaves the wide row as it is; its revision still has to be the one that was planned from.
            bool changes = plan.NewWorkers.Count + plan.ChangedWorkers.Count + plan.Outbox.Count > 0;
            var command = session.Command(changes
                ? "UPDATE clusters SET revision = revision + 1 WHERE name = @cluster AND revision = @revision RETURNING name"
                : "SELECT name FROM clusters WHERE name = @cluster AND revision = @revision");
            return (await command.With("cluster", plan.Claim.Cluster).With("revision", plan.Revision).NamesAsync(cancellationToken)).Count == 1;
        }

        int saved = await session.Command($"""
            UPDATE clusters
            SET phase = @phase, outcome = @outcome, reason = @reason, worker_failures = @failures, not_before = @not_before,
                scheduler_address = @scheduler, dashboard_address = @dashboard, api_address = @api,
                submitted_at = @submitted, running_at = @running, closing_at = @closing,
                ended_at = CASE WHEN @is_ended THEN COALESCE(@ended, {session.Sql.Now}) END, revision = revision + 1
            WHERE name = @cluster AND revision = @revision
            """)
            .With("cluster", plan.Claim.Cluster)
            .With("revision", plan.Revision)
            .With("phase", cluster.Phase.ToString())
            .WithText("outcome", cluster.Outcome?.ToString())
            .WithText("reason", cluster.Reason)
            .With("failures", cluster.WorkerFailures)
            .WithTime("not_before", cluster.NotBefore)
            .WithText("scheduler", cluster.SchedulerAddress)
            .WithText("dashboard", cluster.DashboardAddress)
            .WithText("api", cluster.ApiAddress)
            .WithTime("submitted", cluster.SubmittedAt)
            .WithTime("running", cluster.RunningAt)
            .WithTime("closing", cluster.ClosingAt)
            .With("is_ended", cluster.Phase.IsEnded())
            .WithTime("ended", cluster.EndedAt)
            .ExecuteAsync(cancellationToken);
        session.Tell(ChangeKind.Phase, plan.Claim.Cluster);
        return saved == 1;
    }

    private static async Task<bool> SaveWorkersAsync(StoreSession session, IReadOnlyList<Worker> workers, string cluster, CancellationToken cancellationToken) =>
        workers.Count == 0 || workers.Count == await session.Command($"""
            UPDATE workers AS w
            SET phase = r.phase, outcome = r.outcome, reason = r.reason, connected_at = r.connected_at, leaving_at = r.leaving_at,
                stop_saved = r.stop_saved, ended_at = CASE WHEN r.ended THEN COALESCE(r.ended_at, {session.Sql.Now}) END
            FROM {session.Sql.From(PlanRows.ChangedWorkers)} AS r
            WHERE w.name = r.name AND w.cluster = @cluster
            """).With(PlanRows.ChangedWorkers, workers).With("cluster", cluster).ExecuteAsync(cancellationToken);

    /// <summary>
    /// Inserts the workers that are granted and returns their names; effects come from these alone. Here a quota would be checked, under a lock
    /// on the owner. All are granted as yet.
    /// </summary>
    private static async Task<HashSet<string>> GrantAsync(StoreSession session, PlanSave plan, CancellationToken cancellationToken)
    {
        if (plan.NewWorkers.Count == 0)
        {
            return [];
        }

        var granted = await session.Command($"""
            INSERT INTO workers (name, cluster, worker_group, backend, resources, phase, outcome, reason, submitted_at, stop_saved)
            SELECT r.name, @cluster, r.worker_group, r.backend, r.resources, r.phase, r.outcome, r.reason, r.submitted_at, FALSE
            FROM {session.Sql.From(PlanRows.NewWorkers)} AS r WHERE TRUE
            ON CONFLICT (name) DO NOTHING
            RETURNING name
            """).With(PlanRows.NewWorkers, plan.NewWorkers).With("cluster", plan.Claim.Cluster).NamesAsync(cancellationToken);
        return [.. granted];
    }

    /// <summary>One entry per job and action: another address to check replaces the one before, whose verdict nobody waits for any more.</summary>
    private static async Task SaveOutboxAsync(StoreSession session, PlanSave plan, HashSet<string> granted, CancellationToken cancellationToken)
    {
        var refused = plan.NewWorkers.Select(w => w.Name).Where(n => !granted.Contains(n)).ToHashSet(StringComparer.Ordinal);
        var entries = plan.Outbox.Where(o => o.Kind != JobKind.Worker || !refused.Contains(o.Job)).DistinctBy(o => (o.Job, o.Action)).ToList();
        if (entries.Count == 0)
        {
            return;
        }

        await session.Command($"""
            INSERT INTO outbox (action, job, kind, cluster, backend, node, argument, trace_parent, attempt, claim, claimed, due_at)
            SELECT r.action, r.job, r.kind, @cluster, r.backend, r.node, r.argument, r.trace_parent, 0, 0, FALSE, {session.Sql.Now}
            FROM {session.Sql.From(PlanRows.Outbox)} AS r WHERE TRUE
            ON CONFLICT (job, action) DO UPDATE SET
                argument = excluded.argument, trace_parent = excluded.trace_parent, attempt = 0, claim = outbox.claim + 1, claimed = FALSE, due_at = excluded.due_at
            WHERE outbox.action = 'CheckAddress' AND outbox.argument IS DISTINCT FROM excluded.argument
            """).With(PlanRows.Outbox, entries).With("cluster", plan.Claim.Cluster).ExecuteAsync(cancellationToken);
        foreach (string backend in entries.Select(o => o.Backend).Distinct())
        {
            session.Tell(ChangeKind.Outbox, backend);
        }
    }
}
