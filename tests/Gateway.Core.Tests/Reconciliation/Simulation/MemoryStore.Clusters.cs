using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>What users and schedulers do.</summary>
internal sealed partial class MemoryStore : IClusterStore
{
    /// <summary>Clusters whose secrets cannot be decrypted.</summary>
    public HashSet<string> MissingKeys { get; } = new(StringComparer.Ordinal);

    public Task<bool> CreateAsync(NewCluster cluster, CancellationToken cancellationToken)
    {
        _clusters[cluster.Name] = new ClusterRow
        {
            Cluster = new Cluster { Name = cluster.Name, OwnerId = cluster.OwnerId, Options = cluster.Options, Spec = cluster.Spec, CreatedAt = Now },
            DueAt = Now,
        };
        return Task.FromResult(true);
    }

    public Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(_clusters.TryGetValue(name, out var row) ? new ClusterView(row.Cluster, row.Inbox.Desired, row.Inbox.StopReason) : null);

    public Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ClusterView>>(
        [
            .. _clusters.Values
                .Select(r => new ClusterView(r.Cluster, r.Inbox.Desired, r.Inbox.StopReason))
                .Where(v => filter.Phases.Contains(v.Phase) && (filter.OwnerId is null || v.Cluster.OwnerId == filter.OwnerId))
                .Take(filter.Max),
        ]);

    public Task RequestStopAsync(string name, string reason, bool failed, CancellationToken cancellationToken)
    {
        if (_clusters.TryGetValue(name, out var row) && !row.Cluster.Phase.IsEnded() && row.Inbox.Desired != DesiredState.Stopped)
        {
            row.Inbox = row.Inbox with { Desired = DesiredState.Stopped, StopReason = reason, StopFailed = failed };
            Wake(name);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        string[] blocked = [.. names.Where(MissingKeys.Contains)];
        return blocked.Length > 0
            ? throw new MissingKeyException($"{string.Join(", ", blocked)}: the key is not configured.", blocked)
            : Task.FromResult<IReadOnlyDictionary<string, ClusterCredentials>>(names.Where(_clusters.ContainsKey).ToDictionary(n => n, _ => Secrets, StringComparer.Ordinal));
    }

    public Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken) => Task.FromResult<TokenRecord?>(null);

    public Task RecordHeartbeatsAsync(IReadOnlyList<ReceivedHeartbeat> heartbeats, CancellationToken cancellationToken)
    {
        foreach (var (name, heartbeat, hash, verdict) in heartbeats)
        {
            if (!_clusters.TryGetValue(name, out var row) || row.Cluster.Phase.IsEnded())
            {
                continue;
            }

            if (row.Inbox.Heartbeat is { Incarnation: { } incarnation } known && incarnation == heartbeat.Incarnation && heartbeat.Sequence <= known.Sequence)
            {
                continue;
            }

            foreach (string closing in heartbeat.Closing.Where(_jobs.ContainsKey))
            {
                _jobs[closing] = _jobs[closing] with { CloseExpected = true };
            }

            if (verdict is not null && _jobs.GetValueOrDefault(name) is { State: not JobState.Ended } job)
            {
                _jobs[name] = job with { CheckedAddress = verdict.CheckedAddress, AddressVerdict = verdict.AddressVerdict };
            }

            row.Inbox = row.Inbox with { Heartbeat = heartbeat, HeartbeatAt = Now };
            if (row.Hash != hash)
            {
                row.Hash = hash;
                Wake(name);
            }
        }

        return Task.CompletedTask;
    }

    public Task AppendEventsAsync(IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken)
    {
        Add(events);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ClusterEvent>> EventsAsync(string name, long after, int max, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ClusterEvent>>([.. _events.Where(e => e.Cluster == name).Take(max)]);

    public Task<IReadOnlyList<WorkerView>> WorkersAsync(string name, int max, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<WorkerView>>([.. _clusters[name].Workers.Values.Take(max).Select(w => new WorkerView(w, _jobs.GetValueOrDefault(w.Name)))]);

    public Task<Job?> JobAsync(string name, CancellationToken cancellationToken) => Task.FromResult(_jobs.GetValueOrDefault(name));

    public Task<IReadOnlyList<Cluster>> RoutesAsync(IReadOnlyCollection<string>? names, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Cluster>>([.. Clusters.Where(c => c.Phase == ClusterPhase.Running && names?.Contains(c.Name) != false)]);

    public Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject, string displayName, CancellationToken cancellationToken) => Task.FromResult(Guid.Empty);

    public Task<IReadOnlyDictionary<Guid, string>> UserNamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<Guid, string>>(ids.ToDictionary(i => i, i => $"{i}"));

    private static ClusterCredentials Secrets { get; } = new("certificate", "key", "token");
}
