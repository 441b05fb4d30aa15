using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>What happens outside the gateway: jobs, schedulers, workers, heartbeats.</summary>
internal sealed partial class World
{
    private void DoJob(Step step, Farm farm)
    {
        switch (step.Kind)
        {
            case StepKind.RunJobs:
                foreach (var job in farm.Living.Where(j => j.State == JobState.Pending).Take(1 + Pick(step.B, 4)).ToList())
                {
                    Start(job);
                }

                break;
            case StepKind.EndJob when farm.Living.Any():
                var ending = farm.Living.ElementAt(Pick(step.B, farm.Living.Count()));
                Tell($"{ending.Name}'s job ends by itself");
                End(ending, 1);
                break;
            case StepKind.HoldJob when farm.Living.Any():
                var held = farm.Living.ElementAt(Pick(step.B, farm.Living.Count()));
                Tell($"{held.Name}'s job is held");
                Leave(held);
                (held.State, held.Reason) = (JobState.Held, "No such file.");
                break;
            case StepKind.ReleaseJob when farm.Living.FirstOrDefault(j => j.State == JobState.Held) is { } released:
                Tell($"{released.Name}'s job is released");
                (released.State, released.Reason) = (JobState.Pending, null);
                break;
            case StepKind.ConnectWorkers:
                foreach (var job in Farms["pool"].Living.Where(Unconnected).Take(1 + Pick(step.B, 4)).ToList())
                {
                    Connect(job);
                }

                break;
            case StepKind.LoseWorker when Running(step.A) is var (name, scheduler) && scheduler.Connected.Count > 0:
                string lost = scheduler.Connected.ElementAt(Pick(step.B, scheduler.Connected.Count));
                Tell($"{name} loses {lost}, whose job lives");
                scheduler.Disconnect(lost);
                break;
            case StepKind.Heartbeat when Running(step.A) is var (name, scheduler):
                Deliver(name, scheduler);
                break;
            case StepKind.HeartbeatAgain when Cluster(step.A) is { } name && Store.Inbox(name).Heartbeat is { } again:
                Tell($"{name}'s heartbeat arrives again");
                Record(name, again);
                break;
            case StepKind.HeartbeatDelayed when Running(step.A) is var (name, scheduler):
                Tell($"{name}'s heartbeat is delayed");
                _delayed.Enqueue((name, scheduler.Compose()));
                break;
            case StepKind.DelayedArrives when _delayed.TryDequeue(out var late):
                Tell($"{late.Cluster}'s delayed heartbeat arrives: {Text(late.Heartbeat)}");
                Record(late.Cluster, late.Heartbeat);
                break;
            case StepKind.ForeignJoins when Running(step.A) is var (name, scheduler):
                Tell($"a worker of somebody else joins {name}");
                scheduler.Connect($"foreign{++_names}");
                break;
            case StepKind.ForeignLeaves when Running(step.A) is var (name, scheduler) && scheduler.Connected.FirstOrDefault(IsForeign) is { } foreigner:
                Tell($"{foreigner} leaves {name}");
                scheduler.Disconnect(foreigner);
                break;
            case StepKind.SchedulerRestarts when Running(step.A) is var (name, scheduler):
                Tell($"{name}'s scheduler process restarts inside its job");
                scheduler.Restart();
                break;
        }
    }

    /// <summary>What goes on by itself: jobs run, workers connect, those told to end do, schedulers report.</summary>
    private void Environment()
    {
        foreach (var farm in Farms.Values)
        {
            foreach (var job in farm.Living.ToList())
            {
                if (job.Told)
                {
                    Tell($"{job.Name}'s job has ended as told");
                    End(job, 143);
                }
                else if (job.State == JobState.Pending)
                {
                    Start(job);
                }
                else if (Unconnected(job))
                {
                    Connect(job);
                }
            }
        }

        foreach (var (name, scheduler) in _schedulers.Where(s => IsUp(s.Key)).ToList())
        {
            if (scheduler.Hurry || Time.GetUtcNow() - scheduler.ToldAt >= TimeSpan.FromSeconds(15))
            {
                Deliver(name, scheduler);
            }
        }
    }

    private void Deliver(string name, FakeScheduler scheduler)
    {
        var heartbeat = scheduler.Compose();
        if (Store.Inbox(name).Heartbeat is not { } last || Text(last) != Text(heartbeat))
        {
            Tell($"{name}'s heartbeat arrives: {Text(heartbeat)}");
        }

        Record(name, heartbeat);
        foreach (string retired in scheduler.Taken(heartbeat, Time.GetUtcNow()))
        {
            Tell($"{name} has retired {retired}");
            if (Farms["pool"].Find(retired) is { } job)
            {
                End(job, 0);
            }
        }
    }

    // Store and farms answer at once.
    private void Record(string name, Heartbeat heartbeat) => Store.RecordHeartbeatsAsync(
        [
            new ReceivedHeartbeat(
                name, heartbeat, string.GetHashCode(Text(heartbeat), StringComparison.Ordinal), _check.CheckAsync(name, heartbeat, CancellationToken.None).GetAwaiter().GetResult()),
        ],
        CancellationToken.None);

    private void Start(Farm.FarmJob job)
    {
        job.Run(++_hosts);
        Tell($"{job.Name}'s job runs on {job.Host}");
        if (job.Kind == JobKind.Scheduler)
        {
            _schedulers[job.Name] = new FakeScheduler(job.Host!, _standard);
            _schedulers[job.Name].Scale(_asked.GetValueOrDefault(job.Name));
        }
    }

    private void Connect(Farm.FarmJob job)
    {
        Tell($"{job.Name} connects");
        _schedulers[job.Cluster].Connect(job.Name);
    }

    private void End(Farm.FarmJob job, int exitCode)
    {
        Leave(job);
        Farm.End(job, exitCode);
    }

    private void Leave(Farm.FarmJob job)
    {
        if (job.Kind == JobKind.Scheduler)
        {
            _schedulers.Remove(job.Name);
        }
        else if (_schedulers.TryGetValue(job.Cluster, out var scheduler))
        {
            scheduler.Disconnect(job.Name);
        }
    }

    /// <summary>Processes of jobs that were stopped are gone from their schedulers.</summary>
    private void LeaveEnded()
    {
        foreach (var farm in Farms.Values)
        {
            foreach (var job in farm.TakeEnded())
            {
                Leave(job);
            }
        }
    }

    private bool Unconnected(Farm.FarmJob job) =>
        job is { Kind: JobKind.Worker, State: JobState.Running } && IsUp(job.Cluster) && !_schedulers[job.Cluster].Connected.Contains(job.Name);

    private bool IsUp(string cluster) => _schedulers.ContainsKey(cluster) && Farms["schedd"].Living.Any(j => j.Name == cluster && j.State == JobState.Running);

    private bool IsForeign(string worker) => !Store.StartWasSaved(worker);

    private (string Name, FakeScheduler Scheduler)? Running(int index) =>
        Cluster(index) is { } name && IsUp(name) ? (name, _schedulers[name]) : null;

    private static string Text(Heartbeat h) =>
        $"{h.SchedulerAddress} wants {h.Count}, active [{string.Join(' ', h.Active)}] closing [{string.Join(' ', h.Closing)}] closed [{string.Join(' ', h.Closed)}] #{h.Incarnation}.{(h.Closing.Count > 0 ? "c" : "")}";
}
