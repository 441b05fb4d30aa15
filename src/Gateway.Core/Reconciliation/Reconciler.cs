using System.Collections.Concurrent;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Takes clusters that are due, asks the planner what should be, and saves the answer. Never calls a backend.</summary>
internal sealed partial class Reconciler : LoopService
{
    private readonly IReconcileStore _store;
    private readonly ClusterPlanner _planner;
    private readonly ReplicaName _replica;
    private readonly ReconcilerSettings _settings;
    private readonly GatewayMetrics _metrics;
    private readonly IDisposable _subscription;

    public Reconciler(
        IReconcileStore store,
        IChangeSignal signal,
        ClusterPlanner planner,
        ReplicaName replica,
        ReconcilerSettings settings,
        GatewayMetrics metrics,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        ILogger<Reconciler> logger)
        : base(time, lifetime, logger)
    {
        (_store, _planner, _replica, _settings, _metrics) = (store, planner, replica, settings, metrics);
        _subscription = signal.Subscribe(change =>
        {
            if (change.Kind is ChangeKind.Due or ChangeKind.Reset)
            {
                Wake();
            }
        });
    }

    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        // A claim that was begun is waited for, also by a replica that stops: leases that nobody knows of could not be given back.
        cancellationToken.ThrowIfCancellationRequested();
        var batch = await _store.ClaimAsync(_replica.Value, _settings.Batch, _settings.Lease, CancellationToken.None);

        // From here on, not from the question: a slow store's answer must not make timeouts come early.
        long begun = Time.GetTimestamp();
        if (batch.Claims.Count == 0)
        {
            return await UntilNextAsync(cancellationToken);
        }

        var waiting = new ConcurrentDictionary<string, Claim>(batch.Claims.Select(c => KeyValuePair.Create(c.Cluster, c)));
        try
        {
            var snapshots = await _store.LoadAsync(batch.Claims, cancellationToken);
            await LeaveAloneAsync([.. batch.Claims.Where(c => !snapshots.ContainsKey(c.Cluster))], waiting, batch.Now);
            var work = await RestAsync(waiting, snapshots, batch.Now + Time.GetElapsedTime(begun));
            await Parallel.ForEachAsync(
                work,
                new ParallelOptions { MaxDegreeOfParallelism = _settings.Parallelism, CancellationToken = cancellationToken },
                async (claim, _) =>
                {
                    // A save that has begun is finished: the store bounds it, and its outcome is known then.
                    waiting.TryRemove(claim.Cluster, out Claim? _);
                    await ReconcileAsync(claim, snapshots[claim.Cluster], batch.Now + Time.GetElapsedTime(begun), CancellationToken.None);
                });
        }
        finally
        {
            if (!waiting.IsEmpty)
            {
                // Others need not wait for the leases of a replica that stops, or that could not read what it had claimed.
                await _store.ReleaseAsync([.. waiting.Values], batch.Now, CancellationToken.None);
            }
        }

        // Fewer than were asked for: no other was due, and one that is by now has woken us. To claim at once again would only be in the executors' way.
        return batch.Claims.Count < _settings.Batch ? await UntilNextAsync(cancellationToken) : TimeSpan.Zero;
    }

    /// <summary>Values of a newer version: that version's replicas will see to them.</summary>
    private async Task LeaveAloneAsync(List<Claim> strange, ConcurrentDictionary<string, Claim> waiting, DateTimeOffset now)
    {
        if (strange.Count == 0)
        {
            return;
        }

        LogLeftAlone(Logger, strange.Count);
        await _store.ReleaseAsync(strange, now + TimeSpan.FromSeconds(30), CancellationToken.None);
        foreach (var claim in strange)
        {
            waiting.TryRemove(claim.Cluster, out Claim? _);
        }
    }

    /// <summary>Most clusters are as they should be, and only looked at now and then: one statement lets all of these go.</summary>
    /// <returns>The others.</returns>
    private async Task<IReadOnlyList<Claim>> RestAsync(ConcurrentDictionary<string, Claim> waiting, IReadOnlyDictionary<string, ClusterSnapshot> snapshots, DateTimeOffset now)
    {
        var resting = new List<(Claim Claim, DateTimeOffset? DueAt)>();
        var work = new List<Claim>();
        foreach (var claim in waiting.Values)
        {
            long begun = Time.GetTimestamp();
            if (TryPlan(snapshots[claim.Cluster], now) is { ChangesNothing: true } plan)
            {
                resting.Add((claim, plan.DueAt));
                _metrics.Reconciled(SaveOutcome.Saved, Time.GetElapsedTime(begun));
            }
            else
            {
                work.Add(claim);
            }
        }

        await _store.RestAsync(resting, CancellationToken.None);
        foreach (var (claim, _) in resting)
        {
            waiting.TryRemove(claim.Cluster, out Claim? _);
        }

        return work;
    }

    private ClusterPlan? TryPlan(ClusterSnapshot snapshot, DateTimeOffset now)
    {
        try
        {
            return _planner.Plan(snapshot, now);
        }
#pragma warning disable CA1031 // One cluster that cannot be planned must not stop the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogPlanFailed(Logger, e, snapshot.Cluster.Name);
            return null;
        }
    }

    private async Task ReconcileAsync(Claim claim, ClusterSnapshot snapshot, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var activity = GatewayTelemetry.Source.StartActivity("reconcile");
        activity?.SetTag("cluster", claim.Cluster);
        long begun = Time.GetTimestamp();
        if (TryPlan(snapshot, now) is not { } plan)
        {
            await _store.ReleaseAsync([claim], now + TimeSpan.FromSeconds(30), cancellationToken);
            return;
        }

        var outcome = await _store.SaveAsync(Save(claim, snapshot, plan, activity?.Id), cancellationToken);
        _metrics.Reconciled(outcome, Time.GetElapsedTime(begun));
        if (outcome == SaveOutcome.Lost)
        {
            LogLeaseLost(Logger, claim.Cluster);
        }
        else if (plan.Cluster is { } changed && changed.Phase != snapshot.Cluster.Phase)
        {
            _metrics.PhaseReached(changed, now);
            if (changed.Reason is { } reason)
            {
                LogPhase(Logger, changed.Name, changed.Phase, reason);
            }
            else
            {
                LogPhase(Logger, changed.Name, changed.Phase);
            }
        }
    }

    private static PlanSave Save(Claim claim, ClusterSnapshot snapshot, ClusterPlan plan, string? traceParent) => new()
    {
        Claim = claim,
        Revision = snapshot.Cluster.Revision,
        Cluster = plan.Cluster,
        NewWorkers = plan.NewWorkers,
        ChangedWorkers = plan.ChangedWorkers,
        Outbox = traceParent is null ? plan.Outbox : [.. plan.Outbox.Select(e => e with { TraceParent = traceParent })],
        Events = plan.Events,
        DueAt = plan.DueAt,
    };

    private async Task<TimeSpan> UntilNextAsync(CancellationToken cancellationToken)
    {
        var (now, dueAt) = await _store.NextDueAsync(cancellationToken);
        return dueAt is { } due && due - now < _settings.PollPeriod
            ? (due > now ? due - now : TimeSpan.FromMilliseconds(20))
            : _settings.PollPeriod;
    }

    public override void Dispose()
    {
        _subscription.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {ClusterName} is {Phase}")]
    private static partial void LogPhase(ILogger logger, string clusterName, ClusterPhase phase);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {ClusterName} is {Phase}: {Reason}")]
    private static partial void LogPhase(ILogger logger, string clusterName, ClusterPhase phase, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease on cluster {ClusterName} was lost before its plan was saved; whoever holds it now plans anew.")]
    private static partial void LogLeaseLost(ILogger logger, string clusterName);

    [LoggerMessage(Level = LogLevel.Error, Message = "Cluster {ClusterName} could not be planned; it is left as it is for now.")]
    private static partial void LogPlanFailed(ILogger logger, Exception exception, string clusterName);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} clusters hold values that this version does not know; they are left to newer replicas.")]
    private static partial void LogLeftAlone(ILogger logger, int count);
}
