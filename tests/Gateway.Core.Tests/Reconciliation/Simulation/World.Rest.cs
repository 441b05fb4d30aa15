using Gateway.Core.Clusters;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>What must be true once nothing happens any more.</summary>
internal sealed partial class World
{
    private const double Stride = 4;

    /// <summary>So many strides without a change are longer than any timer of a living cluster.</summary>
    private const int Quiet = 25;

    /// <summary>Of ended clusters only strays may be left, for a grace period.</summary>
    private const int QuietAfterTheEnd = 10;

    private const int SettleRounds = 200;

    /// <summary>The outside stops changing and everything answers: the gateway must come to rest, with what was asked for.</summary>
    public void Settle()
    {
        Tell("--- the outside stops changing ---");
        foreach (var farm in Farms.Values)
        {
            (farm.Out, farm.Slow, farm.LostAnswers, farm.Deferrals, farm.Refusals, farm.Forgotten) = (false, false, 0, 0, 0, 0);
        }

        foreach (var replica in _replicas)
        {
            replica.Faults.Set(0, FaultKind.None);
        }

        while (_frozen.Count > 0)
        {
            Thaw();
        }

        while (_delayed.Count > 0)
        {
            Do(new Step(StepKind.DelayedArrives, 0, 0));
        }

        ComeToRest(Quiet);
    }

    /// <summary>All clusters are asked to stop.</summary>
    public void StopAll()
    {
        foreach (string name in _created)
        {
            Do(new Step(StepKind.Stop, _created.IndexOf(name), 0));
        }

        ComeToRest(QuietAfterTheEnd);
        foreach (var cluster in Store.Clusters.Where(c => !c.Phase.IsEnded()))
        {
            Violate($"{cluster.Name} was asked to stop and is {cluster.Phase}");
        }
    }

    private void ComeToRest(int enough)
    {
        int quiet = 0;
        for (int i = 0; i < SettleRounds && quiet < enough && _violations.Count == 0; i++)
        {
            int before = Store.Changes + Store.Events.Count;
            Environment();
            Rounds();
            LeaveEnded();
            Check();
            Time.Advance(TimeSpan.FromSeconds(Stride));
            bool resting = Store.Changes + Store.Events.Count == before && !Store.Outbox.Any();
            quiet = resting ? quiet + 1 : 0;
        }

        if (quiet < enough)
        {
            Violate("it does not come to rest");
        }

        CheckRest();
    }

    private void CheckRest()
    {
        foreach (var entry in Store.Outbox)
        {
            Violate($"{entry.Action} of {entry.Job} is still to be done");
        }

        foreach (var cluster in Store.Clusters)
        {
            if (cluster.Phase == ClusterPhase.Closing || (Store.Inbox(cluster.Name).Desired == DesiredState.Stopped && !cluster.Phase.IsEnded()))
            {
                Violate($"{cluster.Name} does not end: it is {cluster.Phase}");
            }

            var living = Farms.Values.SelectMany(f => f.Living).Where(j => j.Cluster == cluster.Name).Select(j => j.Name).ToList();
            if (cluster.Phase.IsEnded() && living.Count > 0)
            {
                Violate($"{cluster.Name} is {cluster.Phase} and has living jobs: {string.Join(' ', living)}");
            }

            if (cluster.Phase.IsEnded() && Store.Workers(cluster.Name).Any(w => !w.Phase.IsEnded()))
            {
                Violate($"{cluster.Name} is {cluster.Phase} and has workers that have not ended");
            }

            if (cluster.Phase is ClusterPhase.Accepted or ClusterPhase.Submitted)
            {
                Violate($"{cluster.Name} is still {cluster.Phase}");
            }

            if (cluster.Phase == ClusterPhase.Running && cluster.Spec.WorkerBackend is not null)
            {
                var scheduler = _schedulers[cluster.Name];
                int foreign = scheduler.Connected.Count(IsForeign);
                int wanted = Math.Min(scheduler.Count, Math.Max(cluster.Spec.MaxWorkers ?? int.MaxValue, foreign));
                if (scheduler.Connected.Count < wanted || scheduler.Connected.Count > scheduler.Count)
                {
                    Violate($"{cluster.Name} has {scheduler.Connected.Count} workers where {wanted} are wanted");
                }

                int rows = Store.Workers(cluster.Name).Count(w => w.Phase == WorkerPhase.Connected);
                if (rows != scheduler.Connected.Count - foreign || Store.Workers(cluster.Name).Any(w => !w.Phase.IsEnded() && w.Phase != WorkerPhase.Connected))
                {
                    Violate($"{cluster.Name} has {rows} connected rows where {scheduler.Connected.Count - foreign} are right");
                }
            }
        }

        foreach (var stray in Farms.Values.SelectMany(f => f.Living).Where(j => !Store.StartWasSaved(j.Name)))
        {
            Violate($"{stray.Name} is a stray and still lives");
        }
    }
}
