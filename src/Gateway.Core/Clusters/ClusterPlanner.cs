using Gateway.Core.Backends;
using Gateway.Core.Events;

namespace Gateway.Core.Clusters;

/// <summary>
/// Decides what should become of a cluster. Pure: no I/O, no clock, no memory; every timer is computed anew from the times in the
/// snapshot, so planning twice, late or after a crash gives the same answer.
/// </summary>
/// <param name="settings">The configuration's word.</param>
/// <param name="newWorkerName">Gives a worker name that was never used, for a cluster's name.</param>
public sealed partial class ClusterPlanner(PlannerSettings settings, Func<string, string> newWorkerName)
{
    /// <summary>What should be, for this cluster at this time.</summary>
    public ClusterPlan Plan(ClusterSnapshot snapshot, DateTimeOffset now)
    {
        var draft = new PlanDraft(snapshot, now);
        switch (snapshot.Cluster.Phase)
        {
            case ClusterPhase.Accepted:
                PlanAccepted(draft);
                break;
            case ClusterPhase.Submitted:
                PlanSubmitted(draft);
                break;
            case ClusterPhase.Running:
                PlanRunning(draft);
                break;
            case ClusterPhase.Closing:
                PlanClosing(draft);
                break;
        }

        return draft.Finish();
    }

    private void PlanAccepted(PlanDraft draft)
    {
        if (EndsNow(draft))
        {
            return;
        }

        if (!settings.Backends.Contains(draft.Cluster.Spec.SchedulerBackend))
        {
            draft.Wait($"The backend '{draft.Cluster.Spec.SchedulerBackend}' is not configured here: the cluster waits until it is.");
            return;
        }

        draft.Cluster = draft.Cluster with { Phase = ClusterPhase.Submitted, SubmittedAt = draft.Now, Reason = null };
        draft.StartScheduler();
        draft.Tell(EventKinds.ClusterSubmitted, $"The scheduler was handed to '{draft.Cluster.Spec.SchedulerBackend}'.");
    }

    private void PlanSubmitted(PlanDraft draft)
    {
        if (EndsNow(draft) || SchedulerJobFailed(draft))
        {
            return;
        }

        var job = draft.SchedulerJob;
        if (draft.Inbox.Heartbeat is { } heartbeat && job?.Handle is not null)
        {
            Admit(draft, heartbeat, job);
            if (draft.Cluster.Phase != ClusterPhase.Submitted)
            {
                return;
            }
        }

        if (job?.State == JobState.Running)
        {
            var deadline = Latest(job.StateSince, draft.Snapshot.HearingSince, draft.SeeingSince(job.Backend)) + settings.ClusterStartTimeout;
            if (draft.Passed(deadline))
            {
                Fail(draft, draft.Inbox.Heartbeat is null
                    ? $"The scheduler's job runs but has not reported to the gateway within {Text(settings.ClusterStartTimeout)}. Its log may tell why."
                    : $"The scheduler reported, but within {Text(settings.ClusterStartTimeout)} its backend could not confirm that its addresses are those of its job.");
            }
        }
        else if (job?.State == JobState.Held)
        {
            if (draft.Passed(Latest(job.StateSince, draft.SeeingSince(job.Backend)) + settings.HeldTimeout))
            {
                Fail(draft, $"The scheduler's job was held for {Text(settings.HeldTimeout)}: {job.Reason}");
            }
        }
    }

    /// <summary>A scheduler has reported: its addresses are a user's word until its backend has checked them.</summary>
    private void Admit(PlanDraft draft, Heartbeat heartbeat, Job job)
    {
        var endpoints = SchedulerEndpoints.Parse(heartbeat);
        if (endpoints is null)
        {
            Fail(draft, $"The scheduler reported addresses that cannot be used: {Bounded(heartbeat.SchedulerAddress)}, {Bounded(heartbeat.ApiAddress)}, {Bounded(heartbeat.DashboardAddress)}.");
            return;
        }

        bool areNew = !draft.HasAddresses(heartbeat);
        if (areNew)
        {
            draft.Cluster = draft.Cluster with
            {
                SchedulerAddress = heartbeat.SchedulerAddress,
                ApiAddress = heartbeat.ApiAddress,
                DashboardAddress = heartbeat.DashboardAddress.Length == 0 ? null : heartbeat.DashboardAddress,
            };
        }

        if (job.CheckedAddress != endpoints.Argument)
        {
            if (areNew)
            {
                draft.CheckAddress(endpoints.Argument);
            }

            return;
        }

        switch (job.AddressVerdict)
        {
            case AddressVerdict.No:
                Fail(draft, $"The scheduler reported addresses ({endpoints.Argument}) that are not those of its own job.");
                break;
            case AddressVerdict.Yes:
                draft.Cluster = draft.Cluster with { Phase = ClusterPhase.Running, RunningAt = draft.Now, Reason = null };
                draft.Tell(EventKinds.ClusterRunning, "The scheduler runs.");
                PlanRunning(draft);
                break;
        }
    }

    private void PlanRunning(PlanDraft draft)
    {
        if (EndsNow(draft) || SchedulerJobFailed(draft))
        {
            return;
        }

        // Running without a heartbeat cannot be; a restored database may still say so, and then the silence counts from there.
        var heard = Latest(draft.Inbox.HeartbeatAt ?? draft.Cluster.RunningAt ?? draft.Now, draft.Snapshot.HearingSince);
        if (draft.Passed(heard + settings.HeartbeatTimeout))
        {
            Fail(draft, $"The scheduler has been silent for {Text(settings.HeartbeatTimeout)}.");
            return;
        }

        if (draft.Inbox.Heartbeat is not { } heartbeat)
        {
            return;
        }

        if (!draft.HasAddresses(heartbeat))
        {
            Fail(draft, $"The scheduler moved from {draft.Cluster.SchedulerAddress} to {Bounded(heartbeat.SchedulerAddress)}: it was restarted and has lost its tasks.");
            return;
        }

        PlanWorkers(draft, heartbeat);
    }

    private static void PlanClosing(PlanDraft draft)
    {
        foreach (var worker in draft.Workers)
        {
            // What this very plan has decided about a worker stands: a stop is saved once, a failure stays one.
            StopNow(draft, draft.Current(worker), WorkerPhase.Stopped, "The cluster stops.");
            EndIfGone(draft, draft.Current(worker));
        }

        if (draft.SchedulerJob is { State: not JobState.Ended } or null || draft.Workers.Any(w => !draft.Current(w).Phase.IsEnded()))
        {
            return;
        }

        End(draft);
    }

    private static void End(PlanDraft draft)
    {
        var outcome = draft.Cluster.Outcome ?? ClusterPhase.Stopped;
        draft.Cluster = draft.Cluster with { Phase = outcome, EndedAt = draft.Now };
        draft.Tell(
            outcome == ClusterPhase.Failed ? EventKinds.ClusterFailed : EventKinds.ClusterStopped,
            outcome == ClusterPhase.Failed ? $"The cluster has failed: {draft.Cluster.Reason}" : "The cluster has ended; no job is left.");
    }

    /// <summary>Whether somebody or a timer wants it to end; then its closing is planned.</summary>
    private bool EndsNow(PlanDraft draft)
    {
        var (inbox, spec) = (draft.Inbox, draft.Cluster.Spec);
        if (inbox.Desired == DesiredState.Stopped)
        {
            Close(draft, inbox.StopFailed ? ClusterPhase.Failed : ClusterPhase.Stopped, inbox.StopReason ?? "It was asked to stop.");
            return true;
        }

        if (spec.MaxLifetime is { } lifetime && draft.Passed(draft.Cluster.CreatedAt, lifetime))
        {
            Close(draft, ClusterPhase.Stopped, $"It reached its longest lifetime of {Text(lifetime)}.");
            return true;
        }

        if (draft.Cluster.Phase != ClusterPhase.Running)
        {
            return false;
        }

        // While no replica reached the store nobody could tell of a client that came.
        if (spec.NoClientTimeout is { } absent && inbox.NoClientSince is { } since
            && draft.Passed(Latest(since, draft.Snapshot.HearingSince), absent > settings.CountingTakes ? absent : settings.CountingTakes))
        {
            Close(draft, ClusterPhase.Stopped, $"No client has been connected for {Text(absent)}.");
            return true;
        }

        // The scheduler ends itself when it is idle; one whose request was lost is ended from here.
        if (spec.IdleTimeout is { } idle && inbox.Heartbeat?.IdleSeconds is >= 0 and var seconds && inbox.HeartbeatAt is { } at
            && draft.Passed(at - TimeSpan.FromSeconds(Math.Min(seconds, 1e9)) + settings.IdleGrace, idle))
        {
            Close(draft, ClusterPhase.Stopped, $"It has been idle for {Text(idle)}.");
            return true;
        }

        return false;
    }

    private static bool SchedulerJobFailed(PlanDraft draft)
    {
        if (draft.SchedulerJob is not { State: JobState.Ended } job)
        {
            return false;
        }

        Fail(draft, $"The scheduler has ended: {Ending(job)}");
        return true;
    }

    private static void Fail(PlanDraft draft, string reason) => Close(draft, ClusterPhase.Failed, reason);

    private static void Close(PlanDraft draft, ClusterPhase outcome, string reason)
    {
        bool started = draft.Cluster.Phase != ClusterPhase.Accepted;
        draft.Cluster = draft.Cluster with { Phase = ClusterPhase.Closing, Outcome = outcome, Reason = reason, ClosingAt = draft.Now };
        draft.Tell(EventKinds.ClusterStopping, $"The cluster is being stopped: {reason}");
        if (!started)
        {
            End(draft);
            return;
        }

        if (draft.SchedulerJob?.State != JobState.Ended)
        {
            draft.StopScheduler();
        }

        PlanClosing(draft);
    }

    private static string Ending(Job job) => (job.ExitCode, job.Reason) switch
    {
        (_, { Length: > 0 } reason) => reason,
        ({ } code, _) => $"exit code {code}.",
        _ => "the batch system does not say why.",
    };

    private static DateTimeOffset Latest(DateTimeOffset first, params ReadOnlySpan<DateTimeOffset> others)
    {
        foreach (var other in others)
        {
            first = other > first ? other : first;
        }

        return first;
    }

    private static string Bounded(string text) => text.Length <= 100 ? text : text[..100] + "…";

    /// <summary>A span as people say it.</summary>
    private static string Text(TimeSpan span) => span switch
    {
        { TotalHours: >= 2 } => $"{span.TotalHours:0.#} hours",
        { TotalMinutes: >= 2 } => $"{span.TotalMinutes:0.#} minutes",
        _ => $"{span.TotalSeconds:0.#} seconds",
    };
}
