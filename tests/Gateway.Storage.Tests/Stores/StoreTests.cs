using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Storage.Tests.Stores;

/// <summary>Base of what is tested on both providers, with short words for common steps.</summary>
public abstract class StoreTests(Func<CancellationToken, Task<TestDatabase>> make) : IAsyncLifetime
{
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    protected static readonly ClusterSpec Spec = new()
    {
        SchedulerBackend = "local",
        WorkerBackend = "farm",
        Account = "alice",
        MaxWorkers = 7,
        IdleTimeout = TimeSpan.FromMinutes(5),
        Environment = new Dictionary<string, string> { ["A"] = "ü \"1\"" },
        Worker = new JobResources { Cores = 2.5, Memory = 3L << 30 },
    };

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected TestDatabase Database { get; private set; } = null!;

    protected Replica Store => Database.First;

    public async ValueTask InitializeAsync() => Database = await make(Token);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Database is not null)
        {
            await Database.DisposeAsync();
        }
    }

    protected static NewCluster NewCluster(string name, Guid? owner = null) => new()
    {
        Name = name,
        OwnerId = owner ?? Guid.NewGuid(),
        Options = """{"cores":1}""",
        Spec = Spec,
        Credentials = new ClusterCredentials($"certificate of {name}", $"key of {name}", $"token of {name}"),
    };

    protected static Worker NewWorker(string name, string cluster) => new()
    {
        Name = name,
        Cluster = cluster,
        Backend = "farm",
        Resources = Spec.Worker,
        SubmittedAt = DateTimeOffset.UnixEpoch.AddYears(50),
    };

    protected static OutboxEntry Entry(OutboxAction action, string job, string cluster, string? backend = null, string? argument = null) => new()
    {
        Action = action,
        Job = job,
        Kind = job == cluster ? JobKind.Scheduler : JobKind.Worker,
        Cluster = cluster,
        Backend = backend ?? (job == cluster ? "local" : "farm"),
        Argument = argument,
    };

    protected static Job JobOf(OutboxEntry entry, JobState state = JobState.Pending, string? handle = "1.0", string? reason = null) => new()
    {
        Name = entry.Job,
        Cluster = entry.Cluster,
        Kind = entry.Kind,
        Backend = entry.Backend,
        Handle = handle,
        State = state,
        Reason = reason,
    };

    protected static OutboxResult Done(OutboxEntry entry, Job? job = null) => new() { Entry = entry, Job = job };

    protected Task CreateAsync(params string[] names) => CreateAsync(names, null);

    protected async Task CreateAsync(IEnumerable<string> names, Guid? owner)
    {
        foreach (string name in names)
        {
            await Store.Clusters.CreateAsync(NewCluster(name, owner), Token);
        }
    }

    /// <summary>Claims one cluster, which must be due, and gives others that are due back.</summary>
    protected async Task<Claim> ClaimAsync(string name, Replica? by = null)
    {
        var store = (by ?? Store).Reconcile;
        var batch = await store.ClaimAsync("a", 100, Lease, Token);
        await store.ReleaseAsync([.. batch.Claims.Where(c => c.Cluster != name)], batch.Now, Token);
        return Assert.Single(batch.Claims, c => c.Cluster == name);
    }

    protected async Task<ClusterSnapshot> SnapshotAsync(string name) => (await Store.Jobs.SnapshotsAsync([name], Token))[name];

    /// <summary>Claims a cluster, changes it and saves.</summary>
    protected async Task<SaveOutcome> PlanAsync(string name, Func<ClusterSnapshot, PlanSave, PlanSave> plan)
    {
        var claim = await ClaimAsync(name);
        var snapshot = (await Store.Reconcile.LoadAsync([claim], Token))[name];
        return await Store.Reconcile.SaveAsync(plan(snapshot, new PlanSave { Claim = claim, Revision = snapshot.Cluster.Revision }), Token);
    }

    protected async Task MoveAsync(string name, ClusterPhase phase) => Assert.Equal(
        SaveOutcome.Saved, await PlanAsync(name, (snapshot, save) => save with { Cluster = snapshot.Cluster with { Phase = phase } }));

    /// <summary>Saves workers with their starts, and has the starts done.</summary>
    protected async Task StartWorkersAsync(string cluster, params string[] names)
    {
        Assert.Equal(SaveOutcome.Saved, await PlanAsync(cluster, (_, save) => save with
        {
            NewWorkers = [.. names.Select(n => NewWorker(n, cluster))],
            Outbox = [.. names.Select(n => Entry(OutboxAction.Start, n, cluster))],
        }));
        var entries = await ClaimOutboxAsync("farm");
        await Store.Jobs.FinishOutboxAsync([.. entries.Select(e => Done(e, JobOf(e)))], Token);
    }

    protected Task<IReadOnlyList<OutboxEntry>> ClaimOutboxAsync(string backend, string? node = null, Replica? by = null) =>
        (by ?? Store).Jobs.ClaimOutboxAsync(backend, node, 100, Lease, Token);
}
