using System.Diagnostics;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

/// <summary>Every operation of the hot paths, on a history far larger than what lives: none may read a table from end to end.</summary>
public abstract class QueryPlanTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    /// <summary>Ended clusters in the suite, each with ten workers, jobs and events.</summary>
    protected const int Few = 3_000;

    /// <summary>The same in tests that only run when asked for: <c>-explicit only</c>.</summary>
    protected const int Many = 100_000;

    private static readonly string[] Live = [.. Enumerable.Range(0, 20).Select(i => $"live{i:00}")];

    /// <summary>Fills in ended clusters <c>old1</c> to <c>old{clusters}</c>.</summary>
    protected abstract Task FillAsync(int clusters);

    /// <summary>Runs an operation and returns lines of plans that read a whole table.</summary>
    protected abstract Task<IReadOnlyList<string>> FullReadsAsync(Func<Task> operation);

    protected async Task CheckAsync(int history)
    {
        var owner = Guid.NewGuid();
        await CreateAsync(Live, owner);
        foreach (string name in Live)
        {
            await StartWorkersAsync(name, $"{name}-w1", $"{name}-w2");
        }

        await FillAsync(history);
        await Store.Jobs.PulseAsync("a", "1", Lease, Token);
        foreach (var (name, operation) in Operations(owner))
        {
            long begun = Stopwatch.GetTimestamp();
            var reads = await FullReadsAsync(operation);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0.0} ms");
            Assert.True(reads.Count == 0, $"{name} reads whole tables: {string.Join("; ", reads)}");
        }
    }

    private IEnumerable<(string Name, Func<Task> Operation)> Operations(Guid owner)
    {
        var active = new HashSet<ClusterPhase> { ClusterPhase.Accepted, ClusterPhase.Running, ClusterPhase.Closing };
        var beats = Live.Select(n => new ReceivedHeartbeat(n, new Heartbeat { SchedulerAddress = "tls://a:1", ApiAddress = "http://a:3", Closing = [$"{n}-w1"] }, 1)).ToList();
        yield return ("find", () => Store.Clusters.FindAsync("live00", Token));
        yield return ("list mine", () => Store.Clusters.ListAsync(new ClusterFilter { OwnerId = owner, Phases = active }, Token));
        yield return ("list all", () => Store.Clusters.ListAsync(new ClusterFilter { Phases = active }, Token));
        yield return ("list mine with ended", () => Store.Clusters.ListAsync(new ClusterFilter { OwnerId = owner, Phases = Enum.GetValues<ClusterPhase>().ToHashSet() }, Token));
        yield return ("token", () => Store.Clusters.TokenAsync("live00", Token));
        yield return ("credentials", () => Store.Clusters.CredentialsAsync(Live, Token));
        yield return ("events", () => Store.Clusters.EventsAsync("live00", 0, 100, Token));
        yield return ("workers", () => Store.Clusters.WorkersAsync("live00", 100, Token));
        yield return ("job", () => Store.Clusters.JobAsync("live00-w1", Token));
        yield return ("routes", () => Store.Clusters.RoutesAsync(null, Token));
        yield return ("routes by name", () => Store.Clusters.RoutesAsync(Live, Token));
        yield return ("heartbeats", () => Store.Clusters.RecordHeartbeatsAsync(beats, Token));
        yield return ("heartbeats again", () => Store.Clusters.RecordHeartbeatsAsync(beats, Token));
        yield return ("next due", () => Store.Reconcile.NextDueAsync(Token));
        yield return ("claim, load and save", ReconcileAsync);
        yield return ("request stop", () => Store.Clusters.RequestStopAsync("live01", "enough", failed: false, Token));
        yield return ("live jobs", () => Store.Jobs.LiveJobsAsync("farm", null, "live03", 10, Token));
        yield return ("live jobs by name", () => Store.Jobs.LiveJobsByNameAsync("farm", null, ["live00-w1", "live01-w2", "old1-1", "stranger"], Token));
        yield return ("record jobs", () => Store.Jobs.RecordJobsAsync([.. Live.Select(n => JobOf(Entry(OutboxAction.Start, $"{n}-w1", n), JobState.Running))], [], Token));
        yield return ("known jobs", () => Store.Jobs.KnownJobsAsync([.. Live, "live00-w1", "stranger"], Token));
        yield return ("outbox", WorkOffAsync);
        yield return ("record clients", () => Store.Jobs.RecordClientsAsync("a", Live.ToDictionary(n => n, _ => 1), Token));
        yield return ("unclean jobs", () => Store.Jobs.UncleanJobsAsync("farm", null, TimeSpan.FromDays(1), 10, Token));
        yield return ("mark clean", () => Store.Jobs.MarkCleanAsync(["live00-w1"], Token));
        yield return ("replicas", () => Store.Gateway.ReplicasAsync(Token));
        yield return ("remove ended", () => Store.Jobs.RemoveEndedAsync(TimeSpan.FromDays(1), 10, Token));
    }

    private async Task ReconcileAsync()
    {
        var claims = (await Store.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims;
        foreach (var (name, snapshot) in await Store.Reconcile.LoadAsync(claims, Token))
        {
            Assert.Equal(SaveOutcome.Saved, await Store.Reconcile.SaveAsync(
                new PlanSave
                {
                    Claim = claims.Single(c => c.Cluster == name),
                    Revision = snapshot.Cluster.Revision,
                    Cluster = snapshot.Cluster with { Phase = ClusterPhase.Running },
                    ChangedWorkers = [.. snapshot.Workers.Take(1).Select(w => w with { Phase = WorkerPhase.Connected })],
                    NewWorkers = [NewWorker($"{name}-w3", name)],
                    Outbox = [Entry(OutboxAction.Start, $"{name}-w3", name), Entry(OutboxAction.Stop, $"{name}-w2", name)],
                },
                Token));
        }
    }

    private async Task WorkOffAsync()
    {
        var entries = await ClaimOutboxAsync("farm");
        Assert.NotEmpty(entries);
        await Store.Jobs.FinishOutboxAsync([.. entries.Select(e => Done(e, JobOf(e)))], Token);
    }
}
