using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Reconciliation;

/// <summary>Starts jobs: from outbox entries to command lines, to one call of the backend, to outcomes.</summary>
internal sealed class StartRunner(IClusterStore clusters, IJobStore store, DaskJobs dask)
{
    private const string NoSecrets = "It cannot be started for now: its secrets are encrypted under a key that this gateway is not configured with. An operator can add that key.";
    private static readonly TimeSpan BlockedPause = TimeSpan.FromSeconds(30);

    /// <exception cref="ClaimOverException">No job was started, because reading what the starts need took longer than <paramref name="window"/>.</exception>
    public async Task<IReadOnlyList<OutboxResult>> RunAsync(BackendInstance instance, IReadOnlyList<OutboxEntry> entries, ClaimWindow window, CancellationToken cancellationToken)
    {
        // The token bounds the backend's calls. What the store takes is bounded by itself, and must not look like a backend's silence.
        var snapshots = await store.SnapshotsAsync(ClustersOf(entries), CancellationToken.None);
        var wanted = entries.ToLookup(e => snapshots.TryGetValue(e.Cluster, out var snapshot) && IsWanted(e, snapshot));

        // What is to end needs no secrets.
        var results = new List<OutboxResult>(entries.Count);
        results.AddRange(await WithdrawAsync(instance, [.. wanted[false]], cancellationToken));
        var credentials = await CredentialsAsync(ClustersOf(wanted[true]));
        var starts = new List<(OutboxEntry Entry, JobStart Start)>(entries.Count);
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in wanted[true])
        {
            var snapshot = snapshots[entry.Cluster];
            if (credentials.TryGetValue(entry.Cluster, out var secrets))
            {
                starts.Add((entry, Build(instance, entry, snapshot, secrets)));
            }
            else
            {
                results.Add(Blocked(instance, entry, isNews: snapshot.Jobs.GetValueOrDefault(entry.Job)?.Reason != NoSecrets && told.Add(entry.Cluster)));
            }
        }

        if (starts.Count > 0)
        {
            window.ThrowIfOver();
            var outcomes = await instance.Backend.StartAsync([.. starts.Select(s => s.Start)], cancellationToken);
            results.AddRange(starts.Zip(outcomes, (s, outcome) => outcome is StartOutcome.Deferred deferred
                ? Deferred(instance, s.Entry, deferred, isNews: snapshots[s.Entry.Cluster].Jobs.GetValueOrDefault(s.Entry.Job)?.Reason is null && told.Add(s.Entry.Cluster))
                : Result(instance, s.Entry, outcome)));
        }

        return results;
    }

    private static string[] ClustersOf(IEnumerable<OutboxEntry> entries) => [.. entries.Select(e => e.Cluster).Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// What has been seen already is wanted still: the answer to its start was lost, and it came up before it was asked for again. To try once more adopts it.
    /// </summary>
    private static bool IsWanted(OutboxEntry entry, ClusterSnapshot snapshot) => entry.Kind == JobKind.Scheduler
        ? snapshot.Cluster.Phase is ClusterPhase.Submitted or ClusterPhase.Running
        : snapshot.Cluster.Phase == ClusterPhase.Running
            && snapshot.Workers.Any(w => w.Name == entry.Job && w.Phase is WorkerPhase.Submitted or WorkerPhase.Connected or WorkerPhase.Retiring);

    /// <summary>Starts that nobody wants any more. An earlier try of some may have taken place: these are stopped until nothing is left.</summary>
    private static async Task<IEnumerable<OutboxResult>> WithdrawAsync(BackendInstance instance, List<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        var tried = entries.Where(e => e.Attempt > 1).ToList();
        var outcomes = tried.Count == 0 ? [] : await instance.Backend.StopAsync([.. tried.Select(e => new JobHandle(e.Job, null))], cancellationToken);
        var ending = tried.Zip(outcomes).Where(t => t.Second == StopOutcome.Ending).Select(t => t.First.Id).ToHashSet();
        return entries.Select(e => ending.Contains(e.Id)
            ? new() { Entry = e, RetryAfter = StopRunner.Pause(e.Attempt - 1) }
            : Ended(instance, e, "It was no longer wanted when it was to be started."));
    }

    private JobStart Build(BackendInstance instance, OutboxEntry entry, ClusterSnapshot snapshot, ClusterCredentials credentials) => entry.Kind == JobKind.Scheduler
        ? dask.Scheduler(snapshot.Cluster, credentials, instance.Dask, entry.Attempt)
        : dask.Worker(snapshot.Cluster, snapshot.Workers.First(w => w.Name == entry.Job), credentials, instance.Dask, instance.Backend.MaxJobDuration(snapshot.Cluster.Spec), entry.Attempt);

    /// <summary>A row whose key is missing blocks itself and nothing else.</summary>
    private async Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(string[] names)
    {
        try
        {
            return names.Length == 0 ? new Dictionary<string, ClusterCredentials>() : await clusters.CredentialsAsync(names, CancellationToken.None);
        }
        catch (MissingKeyException e)
        {
            string[] others = [.. names.Except(e.Rows, StringComparer.Ordinal)];
            return others.Length < names.Length ? await CredentialsAsync(others) : new Dictionary<string, ClusterCredentials>();
        }
    }

    private static OutboxResult Result(BackendInstance instance, OutboxEntry entry, StartOutcome outcome) => outcome switch
    {
        StartOutcome.Started started => new() { Entry = entry, Job = Job(instance, entry) with { Handle = started.Handle, State = started.State } },
        StartOutcome.Refused refused => Ended(instance, entry, refused.Reason),
        _ => throw new InvalidOperationException($"The backend '{instance.Name}' gave an outcome that is not known: {outcome}."),
    };

    /// <summary>Told when it begins: what follows may change with every try.</summary>
    private static OutboxResult Deferred(BackendInstance instance, OutboxEntry entry, StartOutcome.Deferred deferred, bool isNews) => new()
    {
        Entry = entry,
        Job = Job(instance, entry) with { Reason = deferred.Reason },
        RetryAfter = deferred.After,
        NotTried = true,
        Event = isNews
            ? new() { Cluster = entry.Cluster, Kind = EventKinds.ClusterWaiting, Message = $"{(entry.Kind == JobKind.Scheduler ? "The scheduler waits" : "Workers wait")} to be started: {deferred.Reason}" }
            : null,
    };

    /// <summary>The job's row keeps the reason, so that it is told once however long it stays.</summary>
    private static OutboxResult Blocked(BackendInstance instance, OutboxEntry entry, bool isNews) => new()
    {
        Entry = entry,
        Job = Job(instance, entry) with { Reason = NoSecrets },
        RetryAfter = BlockedPause,
        NotTried = true,
        Event = isNews ? new() { Cluster = entry.Cluster, Kind = EventKinds.ClusterWaiting, Message = NoSecrets } : null,
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
