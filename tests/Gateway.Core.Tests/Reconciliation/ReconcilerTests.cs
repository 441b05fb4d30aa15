using Gateway.Core.Clusters;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class ReconcilerTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(nameof(IReconcileStore.ClaimAsync))]
    [InlineData(nameof(IReconcileStore.LoadAsync))]
    public async Task ToldToStop_WhileItClaimsOrLoads_GivesItsLeasesBack(string during)
    {
        await _bench.AddClusterAsync("a");
        await WakeAsync("a");
        using var stop = new CancellationTokenSource();
        using var reconciler = Reconciler(Interruption.During<IReconcileStore>(_bench.Store, during, stop.Cancel));

        await Record.ExceptionAsync(() => reconciler.RunOnceAsync(stop.Token));

        await WakeAsync("a");
        Assert.Equal("a", Assert.Single((await ClaimAsync()).Claims).Cluster);
    }

    [Fact]
    public async Task Load_StoreAway_GivesItsLeasesBackForOthers()
    {
        await _bench.AddClusterAsync("a");
        await WakeAsync("a");
        _bench.Faults.Set(2, FaultKind.StoreAwayBefore);
        using var reconciler = Reconciler(FaultProxy.Wrap<IReconcileStore>(_bench.Store, _bench.Faults));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => reconciler.RunOnceAsync(Bench.Cancellation));

        Assert.Equal("a", Assert.Single((await ClaimAsync()).Claims).Cluster);
    }

    [Fact]
    public async Task ToldToStop_BeforeItClaims_TakesNothing()
    {
        await _bench.AddClusterAsync("a");
        await WakeAsync("a");
        using var reconciler = Reconciler(_bench.Store);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reconciler.RunOnceAsync(new CancellationToken(canceled: true)));

        var claim = Assert.Single((await ClaimAsync()).Claims);
        Assert.Equal(2, claim.Generation);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Round_ThatTookAllThatWereDue_SleepsInsteadOfClaimingAgain(int batch, bool sleeps)
    {
        await _bench.AddClusterAsync("a");
        await _bench.AddClusterAsync("b");
        await WakeAsync("a");
        await WakeAsync("b");
        using var reconciler = Reconciler(_bench.Store, batch);

        Assert.Equal(sleeps, await reconciler.RunOnceAsync(Bench.Cancellation) > TimeSpan.Zero);
    }

    private static Reconciler Reconciler(IReconcileStore store, int batch = 100) => new(
        store,
        new UnheardSignal(),
        new ClusterPlanner(new PlannerSettings { Backends = new HashSet<string> { "pool" } }, c => $"{c}-w"),
        new ReplicaName("bench", "1"),
        new ReconcilerSettings { Batch = batch },
        new GatewayMetrics(new UnreadMeters()),
        TimeProvider.System,
        new UnusedHost(),
        NullLogger<Reconciler>.Instance);

    private Task WakeAsync(string cluster) => _bench.Store.RecordClientsAsync("", new Dictionary<string, int> { [cluster] = 1 }, Bench.Cancellation);

    private Task<ClaimBatch> ClaimAsync() => _bench.Store.ClaimAsync("other", 10, TimeSpan.FromSeconds(15), Bench.Cancellation);
}
