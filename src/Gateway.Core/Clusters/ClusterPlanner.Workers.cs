using Gateway.Core.Backends;
using Gateway.Core.Events;

namespace Gateway.Core.Clusters;

/// <summary>Workers of a running cluster: what became of each, and how many more or fewer there should be.</summary>
public sealed partial class ClusterPlanner
{
    /// <summary>Most workers that one plan starts: a scheduler may ask for any number.</summary>
    private const int StartsAtOnce = 1000;

    private static readonly TimeSpan StartsPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan NewsPeriod = TimeSpan.FromSeconds(2);

    private void PlanWorkers(PlanDraft draft, Heartbeat heartbeat)
    {
        var active = heartbeat.Active.ToHashSet(StringComparer.Ordinal);
        var closing = heartbeat.Closing.ToHashSet(StringComparer.Ordinal);
        closing.ExceptWith(active);
        foreach (var worker in draft.Workers)
        {
            Observe(draft, worker, active, closing);
            EndIfGone(draft, draft.Current(worker));
        }

        if (draft.Failures > 0 && TooManyFailures(draft, active.Count))
        {
            return;
        }

        if (draft.Cluster.Spec.WorkerBackend is { } backend)
        {
            Balance(draft, backend, heartbeat.Count, active);
        }
    }

    /// <summary>Brings one worker's row up to what its scheduler and its job say; the scheduler's word counts first.</summary>
    private void Observe(PlanDraft draft, Worker worker, HashSet<string> active, HashSet<string> closing)
    {
        var job = draft.Job(worker.Name);
        if (active.Contains(worker.Name))
        {
            // A nanny may bring a lost worker back under its name, as long as its job has not been told to stop.
            if (worker.Phase is WorkerPhase.Submitted or WorkerPhase.Retiring || worker is { Phase: WorkerPhase.Stopping, StopSaved: false })
            {
                Connect(draft, worker);
            }

            return;
        }

        switch (worker.Phase)
        {
            case WorkerPhase.Submitted:
                ObserveStart(draft, worker, job, closing);
                break;
            case WorkerPhase.Connected when closing.Contains(worker.Name):
                draft.Change(worker with { Phase = WorkerPhase.Retiring, LeavingAt = draft.Now, Reason = "Its scheduler retires it." });
                break;
            case WorkerPhase.Retiring when closing.Contains(worker.Name):
                break;
            case WorkerPhase.Retiring:
                Leave(draft, worker, WorkerPhase.Stopped, "It was retired.");
                break;
            case WorkerPhase.Connected when job is { CloseExpected: true }:
                Leave(draft, worker, WorkerPhase.Stopped, "It was retired.");
                break;
            case WorkerPhase.Connected:
                Leave(draft, worker, WorkerPhase.Failed, "Its scheduler lost it.");
                break;
            case WorkerPhase.Stopping when !worker.StopSaved && job?.State != JobState.Ended && StillGone(draft, worker, worker.LeavingAt!.Value + settings.WorkerExitGrace):
                StopNow(draft, worker, worker.Outcome ?? WorkerPhase.Stopped, worker.Reason);
                break;
        }
    }

    private static void Connect(PlanDraft draft, Worker worker)
    {
        if (worker.ConnectedAt is null)
        {
            draft.Tell(EventKinds.WorkerConnected, "The worker has connected.", worker.Name);
        }

        draft.Change(worker with
        {
            Phase = WorkerPhase.Connected,
            ConnectedAt = worker.ConnectedAt ?? draft.Now,
            LeavingAt = null,
            Outcome = null,
            Reason = null,
        });
        if (draft.Cluster.WorkerFailures > 0 || draft.Cluster.NotBefore is not null)
        {
            draft.Cluster = draft.Cluster with { WorkerFailures = 0, NotBefore = null };
        }
    }

    private void ObserveStart(PlanDraft draft, Worker worker, Job? job, HashSet<string> closing)
    {
        // It came and went between two heartbeats that were read.
        if (closing.Contains(worker.Name) || job is { CloseExpected: true })
        {
            Leave(draft, worker, WorkerPhase.Stopped, "It was retired.");
            return;
        }

        switch (job?.State)
        {
            case JobState.Ended:
                draft.Failed(worker, Ending(job));
                break;
            case JobState.Running when Unheard(draft, Latest(job.StateSince, draft.Snapshot.HearingSince, draft.SeeingSince(job.Backend)) + settings.WorkerStartTimeout):
                draft.Failed(worker, $"Its job runs but it has not connected to the scheduler within {Text(settings.WorkerStartTimeout)}.");
                StopNow(draft, draft.Current(worker), WorkerPhase.Failed, draft.Current(worker).Reason);
                break;
            case JobState.Held when draft.Passed(Latest(job.StateSince, draft.SeeingSince(job.Backend)) + settings.HeldTimeout):
                draft.Failed(worker, $"Its job was held for {Text(settings.HeldTimeout)}: {job.Reason}");
                StopNow(draft, draft.Current(worker), WorkerPhase.Failed, draft.Current(worker).Reason);
                break;
        }
    }

    /// <summary>A lost worker is given up once its scheduler has spoken again without it: a nanny may have brought it back long before that is told.</summary>
    private static bool StillGone(PlanDraft draft, Worker worker, DateTimeOffset deadline) =>
        worker.Outcome == WorkerPhase.Failed ? Unheard(draft, deadline) : draft.Passed(deadline);

    /// <summary>Whether a time has come and the scheduler, which does not list the worker, has spoken since: its silence says nothing about workers.</summary>
    private static bool Unheard(PlanDraft draft, DateTimeOffset deadline)
    {
        if (!draft.Passed(deadline) || draft.Inbox.HeartbeatAt >= deadline)
        {
            return deadline <= draft.Now;
        }

        // A heartbeat that says nothing new wakes nobody.
        draft.Passed(draft.Now + NewsPeriod);
        return false;
    }

    private void Leave(PlanDraft draft, Worker worker, WorkerPhase outcome, string reason)
    {
        draft.Change(worker with { Phase = WorkerPhase.Stopping, Outcome = outcome, Reason = reason, LeavingAt = draft.Now });
        if (draft.Job(worker.Name)?.State != JobState.Ended)
        {
            draft.Passed(draft.Now + settings.WorkerExitGrace);
        }
    }

    private bool TooManyFailures(PlanDraft draft, int active)
    {
        int failures = draft.Cluster.WorkerFailures + draft.Failures;
        double pause = settings.WorkerBackoff.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 30));
        draft.Cluster = draft.Cluster with
        {
            WorkerFailures = failures,
            NotBefore = draft.Now + TimeSpan.FromSeconds(Math.Min(pause, settings.MaxWorkerBackoff.TotalSeconds)),
        };
        if (failures < settings.WorkerStartFailureLimit || active > 0)
        {
            return false;
        }

        Fail(draft, $"{failures} worker starts in a row have failed; the last one: {draft.LastFailure}");
        return true;
    }

    /// <summary>Starts what is missing; lets go of what is too much, as long as it has not connected: connected workers are the scheduler's to choose from.</summary>
    private void Balance(PlanDraft draft, string backend, int wanted, HashSet<string> active)
    {
        var current = draft.Workers.Select(draft.Current).Where(w => !w.Phase.IsEnded()).ToList();
        if (draft.Cluster.Spec.MaxWorkers is { } limit)
        {
            wanted = Math.Min(wanted, limit);
        }

        // A heartbeat is a user's word, and negative numbers have no meaning in it.
        wanted = Math.Max(0, wanted);

        var pending = current.Where(w => w.Phase == WorkerPhase.Submitted).ToList();
        int returning = current.Count(w => w is { Phase: WorkerPhase.Stopping, Outcome: WorkerPhase.Failed, StopSaved: false } && draft.Job(w.Name)?.State != JobState.Ended);
        int missing = wanted - active.Count - pending.Count - returning;
        if (missing < 0)
        {
            Drop(draft, pending, Math.Min(-missing - returning, pending.Count));
        }
        else if (missing > 0)
        {
            StartWorkers(draft, backend, missing, current, active);
            return;
        }

        draft.WaitNoMore();
    }

    /// <summary>Queued jobs first, newest first.</summary>
    private static void Drop(PlanDraft draft, List<Worker> pending, int count)
    {
        if (count <= 0)
        {
            return;
        }

        var dropped = pending
            .OrderBy(w => draft.Job(w.Name)?.State == JobState.Running)
            .ThenByDescending(w => w.SubmittedAt)
            .ThenByDescending(w => w.Name, StringComparer.Ordinal)
            .Take(count);
        foreach (var worker in dropped)
        {
            StopNow(draft, worker, WorkerPhase.Stopped, "It is no longer wanted.");
        }

        draft.Tell(EventKinds.WorkersDropped, $"{count} {(count == 1 ? "worker" : "workers")} that had not connected yet {(count == 1 ? "is" : "are")} no longer wanted.", count: count);
    }

    private void StartWorkers(PlanDraft draft, string backend, int missing, List<Worker> current, HashSet<string> active)
    {
        if (!settings.Backends.Contains(backend))
        {
            draft.Wait($"The backend '{backend}' is not configured here: {missing} workers wait until it is.");
            return;
        }

        draft.WaitNoMore();
        if (draft.Cluster.NotBefore is { } notBefore && !draft.Passed(notBefore))
        {
            return;
        }

        // Jobs that are on their way out still hold what the limit guards; workers of others count as well.
        if (draft.Cluster.Spec.MaxWorkers is { } limit)
        {
            int foreign = active.Count - current.Count(w => active.Contains(w.Name));
            missing = Math.Min(missing, limit - current.Count - foreign);
        }

        if (missing <= 0)
        {
            return;
        }

        if (missing > StartsAtOnce)
        {
            missing = StartsAtOnce;
            draft.Passed(draft.Now + StartsPeriod);
        }

        draft.StartWorkers(missing, backend, newWorkerName);
        draft.Tell(EventKinds.WorkersSubmitted, $"{missing} {(missing == 1 ? "worker was" : "workers were")} handed to '{backend}'.", count: missing);
    }

    private static void StopNow(PlanDraft draft, Worker worker, WorkerPhase outcome, string? reason)
    {
        if (worker.StopSaved || worker.Phase.IsEnded())
        {
            return;
        }

        var job = draft.Job(worker.Name);
        draft.Change(worker with
        {
            Phase = WorkerPhase.Stopping,
            Outcome = worker.Outcome ?? outcome,
            Reason = worker.Reason ?? reason,
            LeavingAt = worker.LeavingAt ?? draft.Now,
            StopSaved = true,
        });
        if (job?.State != JobState.Ended)
        {
            draft.StopWorker(worker);
        }
    }

    /// <summary>A leaving worker has ended when its job has.</summary>
    private static void EndIfGone(PlanDraft draft, Worker worker)
    {
        if (worker.Phase != WorkerPhase.Stopping || draft.Job(worker.Name) is not { State: JobState.Ended } job)
        {
            return;
        }

        var outcome = worker.Outcome ?? WorkerPhase.Stopped;
        string reason = outcome == WorkerPhase.Failed && job.Reason is { Length: > 0 } more && worker.Reason?.Contains(more, StringComparison.Ordinal) != true
            ? $"{worker.Reason} {more}".Trim()
            : worker.Reason ?? Ending(job);
        draft.Change(worker with { Phase = outcome, Reason = reason, EndedAt = draft.Now });
        draft.Tell(
            outcome == WorkerPhase.Failed ? EventKinds.WorkerFailed : EventKinds.WorkerStopped,
            outcome == WorkerPhase.Failed ? $"The worker has failed: {reason}" : $"The worker has ended: {reason}",
            worker.Name);
    }
}
