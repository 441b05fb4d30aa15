using System.Collections.Concurrent;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Events;

/// <summary>Which jobs of the logged schedd are ours: logs name jobs by number. What a log says of others is nobody's business.</summary>
internal sealed class KnownJobs
{
    private readonly ConcurrentDictionary<JobId, JobAd> _jobs = new();

    /// <summary>Takes note of a job that was just submitted.</summary>
    public void Add(JobId id, JobStart start) => _jobs.TryAdd(id, new JobAd { Id = id, Name = start.Name, Cluster = start.Cluster, Kind = start.Kind, Account = start.Spec.Account, Status = 1 });

    /// <summary>Takes note of what was listed; forgets jobs that were known before the listing began and are not in it.</summary>
    public void Listed(IReadOnlyList<JobAd> ads, IReadOnlyCollection<JobId> before)
    {
        var listed = ads.Select(ad => ad.Id).ToHashSet();
        foreach (var gone in before.Where(id => !listed.Contains(id)))
        {
            _jobs.TryRemove(gone, out _);
        }

        foreach (var ad in ads)
        {
            _jobs[ad.Id] = ad;
        }
    }

    public IReadOnlyCollection<JobId> Ids() => [.. _jobs.Keys];

    /// <summary>Applies an event to what is known of its job.</summary>
    /// <returns>The job as it is now; null when it is not ours, or nothing of interest has changed.</returns>
    public JobAd? Apply(CondorEvent happened)
    {
        if (!_jobs.TryGetValue(happened.Job, out var ad) || Change(ad, happened) is not { } changed)
        {
            return null;
        }

        _jobs[happened.Job] = changed;
        return happened.Type is CondorEventType.Evicted or CondorEventType.ShadowException ? null : changed;
    }

    private static JobAd? Change(JobAd ad, CondorEvent happened) => happened.Type switch
    {
        CondorEventType.Executing => ad with { Status = 2, Starts = Math.Max(ad.Starts, 1), RemoteHost = happened.Host, VacateReason = null },
        // Whether it was removed, held or lost is told by the event that follows.
        CondorEventType.Evicted or CondorEventType.ReconnectFailed or CondorEventType.ShadowException => ad with { Status = 1, LastRemoteHost = ad.RemoteHost ?? ad.LastRemoteHost, RemoteHost = null, VacateReason = happened.Reason },
        CondorEventType.Terminated => ad with { Status = 4, ExitCode = happened.ExitCode, ExitBySignal = happened.Signal is not null, ExitSignal = happened.Signal },
        CondorEventType.Aborted => ad with { Status = 3, LastRemoteHost = ad.RemoteHost ?? ad.LastRemoteHost, RemoteHost = null, RemoveReason = happened.Reason },
        CondorEventType.Held => ad with { Status = 5, LastRemoteHost = ad.RemoteHost ?? ad.LastRemoteHost, RemoteHost = null, HoldReason = happened.Reason, HoldCode = happened.Code, HoldSubCode = happened.SubCode },
        CondorEventType.Released => ad with { Status = 1 },
        CondorEventType.Suspended => ad with { Status = 7 },
        CondorEventType.Unsuspended or CondorEventType.Reconnected => ad with { Status = 2, VacateReason = null },
        CondorEventType.Disconnected => ad with { Status = 2, VacateReason = happened.Reason },
        _ => null,
    };
}
