using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Reconciliation;

/// <summary>Starts jobs: from outbox entries to command lines, to one call of the backend, to outcomes.</summary>
internal sealed class StartRunner(IClusterStore clusters, IJobStore store, DaskJobs dask)
{
    private static readonly TimeSpan BlockedPause = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<OutboxResult>> RunAsync(BackendInstance instance, IReadOnlyList<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        string[] names = [.. entries.Select(e => e.Cluster).Distinct(StringComparer.Ordinal)];
        var snapshots = await store.SnapshotsAsync(names, cancellationToken);
        var (credentials, blocked) = await CredentialsAsync(names, cancellationToken);

        var results = new List<OutboxResult>(entries.Count);
        var starts = new List<(OutboxEntry Entry, JobStart Start)>(entries.Count);
        foreach (var entry in entries)
        {
            if (blocked.TryGetValue(entry.Cluster, out string? reason))
            {
                results.Add(Blocked(entry, reason));
            }
            else if (snapshots.TryGetValue(entry.Cluster, out var snapshot)
                && credentials.TryGetValue(entry.Cluster, out var secrets)
                && Build(instance, entry, snapshot, secrets) is { } start)
            {
                starts.Add((entry, start));
            }
            else if (entry.Attempt > 1)
            {
                // Not wanted any more, but an earlier try may have started it: the sweeper's rules do not wait that long.
                await instance.Backend.StopAsync([new JobHandle(entry.Job, null)], cancellationToken);
                results.Add(Ended(instance, entry, "It was no longer wanted when it was to be started."));
            }
            else
            {
                results.Add(Ended(instance, entry, "It was no longer wanted when it was to be started."));
            }
        }

        if (starts.Count > 0)
        {
            var outcomes = await instance.Backend.StartAsync([.. starts.Select(s => s.Start)], cancellationToken);
            results.AddRange(starts.Zip(outcomes, (s, outcome) => Result(instance, s.Entry, outcome)));
        }

        return results;
    }

    private JobStart? Build(BackendInstance instance, OutboxEntry entry, ClusterSnapshot snapshot, ClusterCredentials credentials)
    {
        var cluster = snapshot.Cluster;
        if (entry.Kind == JobKind.Scheduler)
        {
            return cluster.Phase == ClusterPhase.Submitted ? dask.Scheduler(cluster, credentials, instance.Dask, entry.Attempt) : null;
        }

        var worker = snapshot.Workers.FirstOrDefault(w => w.Name == entry.Job);
        return cluster.Phase == ClusterPhase.Running && worker is { Phase: WorkerPhase.Submitted }
            ? dask.Worker(cluster, worker, credentials, instance.Dask, instance.Backend.MaxJobDuration(cluster.Spec), entry.Attempt)
            : null;
    }

    /// <summary>A row whose key is missing blocks itself and nothing else.</summary>
    private async Task<(IReadOnlyDictionary<string, ClusterCredentials> Found, IReadOnlyDictionary<string, string> Blocked)> CredentialsAsync(
        string[] names, CancellationToken cancellationToken)
    {
        try
        {
            return (await clusters.CredentialsAsync(names, cancellationToken), new Dictionary<string, string>());
        }
        catch (MissingKeyException e)
        {
            var rest = names.Except(e.Rows, StringComparer.Ordinal).ToArray();
            return (await clusters.CredentialsAsync(rest, cancellationToken), e.Rows.ToDictionary(row => row, _ => e.Message, StringComparer.Ordinal));
        }
    }

    private static OutboxResult Result(BackendInstance instance, OutboxEntry entry, StartOutcome outcome) => outcome switch
    {
        StartOutcome.Started started => new() { Entry = entry, Job = Job(instance, entry) with { Handle = started.Handle, State = started.State } },
        StartOutcome.Refused refused => Ended(instance, entry, refused.Reason),
        StartOutcome.Deferred deferred => new()
        {
            Entry = entry,
            Job = Job(instance, entry) with { Reason = deferred.Reason },
            RetryAfter = deferred.After,
            NotTried = true,
        },
        _ => throw new InvalidOperationException($"The backend '{instance.Name}' gave an outcome that is not known: {outcome}."),
    };

    private static OutboxResult Blocked(OutboxEntry entry, string reason) => new()
    {
        Entry = entry,
        RetryAfter = BlockedPause,
        NotTried = true,
        Event = entry.Attempt == 1 ? new() { Cluster = entry.Cluster, Kind = EventKinds.ClusterWaiting, Message = $"It cannot be started for now: {reason}" } : null,
    };

    private static OutboxResult Ended(BackendInstance instance, OutboxEntry entry, string reason) =>
        new() { Entry = entry, Job = Job(instance, entry) with { State = JobState.Ended, Reason = reason } };

    private static Job Job(BackendInstance instance, OutboxEntry entry) => new()
    {
        Name = entry.Job,
        Cluster = entry.Cluster,
        Kind = entry.Kind,
        Backend = instance.Name,
        Node = instance.Backend.Node,
    };
}
