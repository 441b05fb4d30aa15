using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class HousekeeperTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tidy-").FullName;
    private readonly Bench _bench = new();
    private readonly Farm _other = new("other", _ => { });
    private readonly Housekeeper _housekeeper;

    public HousekeeperTests()
    {
        var registry = new BackendRegistry([new BackendInstance("other", _other, new DaskSettings(), new BackendLimits(), new BackendHealth(_bench.Time)), _bench.Instance]);

        // Files bear the machine's time, which is not that of the test.
        _bench.Settings.RetainLogs = TimeSpan.FromDays(36_500);
        var logs = new JobLogStore(_folder, registry, _bench.Settings, _bench.Time);
        _housekeeper = new Housekeeper(_bench.Store, registry, logs, _bench.Settings, _bench.Time, new UnusedHost(), NullLogger<Housekeeper>.Instance);
    }

    public void Dispose()
    {
        _housekeeper.Dispose();
        _bench.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Round_EndedJob_CopiesItsLogThenCleansItOnce()
    {
        await EndOneAsync();
        _bench.Farm.Log = "last words"u8.ToArray();
        await _housekeeper.RunOnceAsync(Bench.Cancellation);
        await _housekeeper.RunOnceAsync(Bench.Cancellation);

        Assert.Equal("last words", await File.ReadAllTextAsync(Path.Combine(_folder, "a", "a-1.out"), Bench.Cancellation));
        Assert.Equal(["a-1"], _bench.Farm.Cleaned);
    }

    [Fact]
    public async Task Round_BackendOut_TriesAgainLater()
    {
        await EndOneAsync();
        _bench.Farm.Out = true;
        await _housekeeper.RunOnceAsync(Bench.Cancellation);
        Assert.Empty(_bench.Farm.Cleaned);

        _bench.Farm.Out = false;
        await _housekeeper.RunOnceAsync(Bench.Cancellation);
        Assert.Equal(["a-1"], _bench.Farm.Cleaned);
    }

    [Fact]
    public async Task Round_LogThatCannotBeRead_DoesNotKeepCredentialsLyingAround()
    {
        await EndOneAsync();
        _bench.Farm.LogFailure = new UnauthorizedAccessException("It belongs to somebody else.");
        await _housekeeper.RunOnceAsync(Bench.Cancellation);

        Assert.Equal(["a-1"], _bench.Farm.Cleaned);
    }

    [Fact]
    public async Task Round_BackendThatFails_DoesNotKeepOldClustersForEver()
    {
        await EndOneAsync();
        _bench.Farm.LogFailure = new InvalidOperationException("A backend must not do this.");
        await _bench.SaveAsync("a", c => c with { Phase = ClusterPhase.Stopped, EndedAt = _bench.Store.Now });
        _bench.Time.Advance(TimeSpan.FromHours(25));
        await _housekeeper.RunOnceAsync(Bench.Cancellation);

        Assert.Empty(_bench.Store.Clusters);
    }

    private async Task EndOneAsync()
    {
        await _bench.AddClusterAsync("a", "a-1");
        using var executor = _bench.Executor();
        await executor.RunOnceAsync(Bench.Cancellation);
        Farm.End(_bench.Farm.Living.Single(), 0);
        using var monitor = _bench.Monitor();
        await monitor.RunOnceAsync(Bench.Cancellation);
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
    }
}
