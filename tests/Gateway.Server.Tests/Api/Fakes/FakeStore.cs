using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>Clusters in memory, with faults on demand.</summary>
internal sealed class FakeStore(FakeSignal signal) : IClusterStore
{
    public static readonly DateTimeOffset CreatedAt = new(2026, 11, 22, 12, 0, 0, 345, TimeSpan.Zero);

    private readonly ConcurrentDictionary<(string Scheme, string Subject), Guid> _users = new();
    private readonly ConcurrentDictionary<string, ClusterView> _views = new();
    private readonly ConcurrentDictionary<string, ClusterCredentials> _credentials = new();
    private int _finds;

    public bool IsSilent { get; set; }

    /// <summary>Thrown by the next reading of a cluster.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Clusters whose credentials are under a lost key.</summary>
    public HashSet<string> Locked { get; } = [];

    public int Finds => _finds;

    public List<NewCluster> Created { get; } = [];

    public ConcurrentQueue<(string Name, string Reason, bool Failed)> Stops { get; } = [];

    public Action<string> OnStop { get; set; } = _ => { };

    public ConcurrentQueue<IReadOnlyList<ReceivedHeartbeat>> Beats { get; } = [];

    /// <summary>What storing heartbeats waits for, and may fail with.</summary>
    public Func<IReadOnlyList<ReceivedHeartbeat>, Task> OnBeats { get; set; } = _ => Task.CompletedTask;

    public List<ClusterEvent> Events { get; } = [];

    public List<WorkerView> Workers { get; } = [];

    public Dictionary<string, Job> Jobs { get; } = [];

    public Guid User(string name) => _users.GetOrAdd(("basic", name), _ => Guid.NewGuid());

    /// <summary>A cluster of a user's, with token <c>token-NAME</c>.</summary>
    public string Add(string owner, ClusterPhase phase, Func<Cluster, Cluster>? change = null)
    {
        var cluster = new Cluster
        {
            Name = RandomName.ForCluster(),
            OwnerId = User(owner),
            Options = """{"worker_cores":1,"worker_memory":2.0}""",
            Spec = new() { SchedulerBackend = "local", Account = owner },
            Phase = phase,
            CreatedAt = CreatedAt,
        };
        cluster = change?.Invoke(cluster) ?? cluster;
        _credentials[cluster.Name] = new($"certificate of {cluster.Name}", $"key of {cluster.Name}", $"token-{cluster.Name}");
        _views[cluster.Name] = new(cluster, DesiredState.Running, null);
        return cluster.Name;
    }

    public void Change(string name, Func<Cluster, Cluster> change)
    {
        _views.AddOrUpdate(name, _ => throw new KeyNotFoundException(name), (_, view) => view with { Cluster = change(view.Cluster) });
        signal.Tell(ChangeKind.Phase, name);
    }

    public void Remove(string name)
    {
        _views.TryRemove(name, out _);
        signal.Tell(ChangeKind.Phase, name);
    }

    public async Task<bool> CreateAsync(NewCluster cluster, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        lock (Created)
        {
            if (_views.Values.Count(view => view.Cluster.OwnerId == cluster.OwnerId && view.Phase < ClusterPhase.Closing) >= cluster.MaxOwned)
            {
                return false;
            }

            Created.Add(cluster);
            _credentials[cluster.Name] = cluster.Credentials;
            _views[cluster.Name] = new(
                new() { Name = cluster.Name, OwnerId = cluster.OwnerId, Options = cluster.Options, Spec = cluster.Spec, CreatedAt = CreatedAt },
                DesiredState.Running,
                null);
            return true;
        }
    }

    public async Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _finds);
        await AnswerAsync();
        return _views.GetValueOrDefault(name);
    }

    public async Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return [.. _views.Values.Where(view => view.Cluster.OwnerId == filter.OwnerId && filter.Phases.Contains(view.Phase)).Take(filter.Max)];
    }

    public async Task RequestStopAsync(string name, string reason, bool failed, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        Stops.Enqueue((name, reason, failed));
        OnStop(name);
        if (_views.TryGetValue(name, out var view))
        {
            _views[name] = view with { Desired = DesiredState.Stopped, StopReason = reason };
            signal.Tell(ChangeKind.Phase, name);
        }
    }

    public async Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        string[] blocked = [.. names.Where(Locked.Contains)];
        return blocked.Length == 0
            ? names.Where(_credentials.ContainsKey).ToDictionary(name => name, name => _credentials[name])
            : throw new MissingKeyException("A key is missing.", blocked);
    }

    public async Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return _credentials.TryGetValue(name, out var credentials) ? new(name, SHA256.HashData(Encoding.UTF8.GetBytes(credentials.Token))) : null;
    }

    public async Task RecordHeartbeatsAsync(IReadOnlyList<ReceivedHeartbeat> heartbeats, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        await OnBeats(heartbeats);
        Beats.Enqueue(heartbeats);
    }

    public Task AppendEventsAsync(IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken)
    {
        Events.AddRange(events);
        return AnswerAsync();
    }

    public async Task<IReadOnlyList<ClusterEvent>> EventsAsync(string name, long after, int max, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return [.. Events.Where(line => line.Cluster == name && line.Id > after).Take(max)];
    }

    public async Task<IReadOnlyList<WorkerView>> WorkersAsync(string name, int max, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return [.. Workers.Where(view => view.Worker.Cluster == name).Take(max)];
    }

    public async Task<Job?> JobAsync(string name, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return Jobs.GetValueOrDefault(name);
    }

    public async Task<IReadOnlyList<Cluster>> RoutesAsync(IReadOnlyCollection<string>? names, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return [.. _views.Values.Where(view => view.Phase == ClusterPhase.Running && names?.Contains(view.Cluster.Name) != false).Select(view => view.Cluster)];
    }

    public async Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject, string displayName, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return User(subject);
    }

    public async Task<IReadOnlyDictionary<Guid, string>> UserNamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return _users.Where(user => ids.Contains(user.Value)).ToDictionary(user => user.Value, user => user.Key.Subject);
    }

    // As a database does: elsewhere, and later.
    private async Task AnswerAsync()
    {
        await Task.Yield();
        if (IsSilent)
        {
            throw new StoreUnavailableException("The fake database is down.");
        }

        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
