using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Tests.Clusters;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class JobLogStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-logs-").FullName;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly Farm _farm = new("pool", _ => { });
    private readonly JobLogStore _logs;

    public JobLogStoreTests()
    {
        var instance = new BackendInstance("pool", _farm, new DaskSettings(), new BackendLimits(), new BackendHealth(_time));
        _logs = new JobLogStore(Path.Combine(_folder, "logs"), new BackendRegistry([instance]), new ReconcilerSettings { MaxLogSize = 200_000 }, _time);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, true)]
    [InlineData(10, true)]
    [InlineData(150_000, true)]
    [InlineData(150_000, false)]
    [InlineData(500_000, true)]
    [InlineData(500_000, false)]
    public async Task Copy_AnyLength_KeepsTheEnd(int length, bool lengthKnown)
    {
        string text = string.Concat(Enumerable.Range(0, (length / 10) + 1).Select(i => $"{i,9}\n"))[..length];
        (_farm.Log, _farm.LogLengthKnown) = (Encoding.UTF8.GetBytes(text), lengthKnown);
        await _logs.CopyAsync(_farm, Given.WorkerJob("c-1"), Bench.Cancellation);
        _farm.Log = null;

        var kept = await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Error, 0, 1_000_000, Bench.Cancellation);
        Assert.Equal(text[Math.Max(0, length - 200_000)..], kept is null ? "" : Encoding.UTF8.GetString(kept.Bytes.Span));
    }

    [Theory]
    [InlineData(0, 3, "012", 3)]
    [InlineData(8, 5, "89", 10)]
    [InlineData(-4, 2, "67", 8)]
    [InlineData(-99, 2, "01", 2)]
    [InlineData(99, 5, "", 10)]
    public async Task Read_PartOfAKeptLog_IsThatPart(long offset, int max, string expected, long next)
    {
        _farm.Log = "0123456789"u8.ToArray();
        await _logs.CopyAsync(_farm, Given.WorkerJob("c-1"), Bench.Cancellation);

        var log = await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Output, offset, max, Bench.Cancellation);
        Assert.Equal((expected, next, 10L), (Encoding.UTF8.GetString(log!.Bytes.Span), log.NextOffset, log.Length!.Value));
    }

    [Fact]
    public async Task Read_RunningJob_AsksItsBackend()
    {
        _farm.Log = "live"u8.ToArray();

        Assert.Equal("live", Encoding.UTF8.GetString((await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Output, 0, 100, Bench.Cancellation))!.Bytes.Span));
        Assert.Null(await _logs.ReadAsync(Given.WorkerJob("c-1") with { Backend = "gone" }, JobOutput.Output, 0, 100, Bench.Cancellation));
        Assert.Null(await _logs.ReadAsync(Given.WorkerJob("c-1") with { Node = "elsewhere" }, JobOutput.Output, 0, 100, Bench.Cancellation));
    }

    [Fact]
    public async Task RemoveOlder_OnlyWhatIsOld_Goes()
    {
        _farm.Log = "old"u8.ToArray();
        await _logs.CopyAsync(_farm, Given.WorkerJob("c-1"), Bench.Cancellation);
        _farm.Log = null;
        _logs.RemoveOlder(TimeSpan.FromHours(1));
        Assert.NotNull(await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Output, 0, 9, Bench.Cancellation));

        _time.Advance(TimeSpan.FromHours(2));
        _logs.RemoveOlder(TimeSpan.FromHours(1));
        Assert.Null(await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Output, 0, 9, Bench.Cancellation));
    }

    [Fact]
    public async Task Remove_Cluster_LeavesOthers()
    {
        _farm.Log = "text"u8.ToArray();
        await _logs.CopyAsync(_farm, Given.WorkerJob("c-1"), Bench.Cancellation);
        await _logs.CopyAsync(_farm, Given.WorkerJob("d-1") with { Cluster = "d" }, Bench.Cancellation);
        _farm.Log = null;
        _logs.Remove("c");
        _logs.Remove("never-was");

        Assert.Null(await _logs.ReadAsync(Given.WorkerJob("c-1"), JobOutput.Output, 0, 9, Bench.Cancellation));
        Assert.NotNull(await _logs.ReadAsync(Given.WorkerJob("d-1") with { Cluster = "d" }, JobOutput.Output, 0, 9, Bench.Cancellation));
    }

    [Fact]
    public void Folder_IsForTheGatewayAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no Unix file modes.");
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(_folder, "logs")));
    }
}
