using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class PromptCheckTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Check_FirstHeartbeatOfAJobThatIsThere_FindsItsAddressesItsOwn()
    {
        var (check, farm) = await WithSchedulerAsync();

        var job = await check.CheckAsync("a", At(farm.Find("a")!.Host!), Bench.Cancellation);

        Assert.Equal(("a", $"{farm.Find("a")!.Host} 8786 9000", AddressVerdict.Yes), (job!.Name, job.CheckedAddress, job.AddressVerdict));
    }

    [Theory]
    [InlineData("tls://somebody-else:8786", "http://somebody-else:9000")]
    [InlineData("tls://10.0.0.1:8786", "http://10.0.0.2:9000")]
    [InlineData("no address", "http://10.0.0.1:9000")]
    public async Task Check_AddressesThatAreNotTheJobs_IsLeftToThePlan(string scheduler, string api)
    {
        var (check, _) = await WithSchedulerAsync();

        Assert.Null(await check.CheckAsync("a", new() { SchedulerAddress = scheduler, ApiAddress = api }, Bench.Cancellation));
    }

    [Fact]
    public async Task Check_StartNotRecordedYet_IsLeftToThePlan()
    {
        var (check, _) = await WithSchedulerAsync();
        await _bench.CreateAsync("b");

        Assert.Null(await check.CheckAsync("b", At("10.0.0.1"), Bench.Cancellation));
        Assert.Null(await check.CheckAsync("nobody", At("10.0.0.1"), Bench.Cancellation));
    }

    [Fact]
    public async Task Check_SchedulerOfAnotherMachine_IsLeftToThePlan()
    {
        var (_, farm) = await WithSchedulerAsync();
        var elsewhere = Check(new Farm("pool", v => Assert.Fail(v)) { ChecksAddressesAtOnce = true, Node = "other" });

        Assert.Null(await elsewhere.CheckAsync("a", At(farm.Find("a")!.Host!), Bench.Cancellation));
    }

    [Fact]
    public async Task Check_BackendThatHasToAskOthers_IsNotAsked()
    {
        var (_, farm) = await WithSchedulerAsync(atOnce: false);
        farm.Out = true;

        Assert.Null(await Check(farm).CheckAsync("a", At(farm.Find("a")!.Host!), Bench.Cancellation));
    }

    [Fact]
    public async Task Check_BackendFails_IsLeftToThePlan()
    {
        var (check, farm) = await WithSchedulerAsync();
        farm.Out = true;

        Assert.Null(await check.CheckAsync("a", At(farm.Find("a")!.Host!), Bench.Cancellation));
    }

    [Fact]
    public async Task Check_BackendTakesItsTime_IsLeftToThePlan()
    {
        var (check, farm) = await WithSchedulerAsync();
        farm.Checking = new TaskCompletionSource().Task;

        var checking = check.CheckAsync("a", At(farm.Find("a")!.Host!), Bench.Cancellation);
        Assert.False(checking.IsCompleted);
        _bench.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(await checking);
    }

    [Fact]
    public async Task Check_AddressThatIsKnown_IsNotCheckedAgain()
    {
        var (check, farm) = await WithSchedulerAsync();
        var heartbeat = At(farm.Find("a")!.Host!);
        var job = await check.CheckAsync("a", heartbeat, Bench.Cancellation);
        await _bench.Store.RecordHeartbeatsAsync([new ReceivedHeartbeat("a", heartbeat, 1, job)], Bench.Cancellation);

        Assert.Null(await check.CheckAsync("a", heartbeat, Bench.Cancellation));
    }

    private static Heartbeat At(string host) => new() { SchedulerAddress = $"tls://{host}:8786", ApiAddress = $"http://{host}:9000" };

    private PromptCheck Check(Farm farm) => new(
        new BackendRegistry([new BackendInstance("pool", farm, new DaskSettings(), new BackendLimits(), new BackendHealth(_bench.Time))]), _bench.Store, _bench.Time, NullLogger<PromptCheck>.Instance);

    /// <summary>A cluster whose scheduler's job runs on the farm.</summary>
    private async Task<(PromptCheck Check, Farm Farm)> WithSchedulerAsync(bool atOnce = true)
    {
        _bench.Farm.ChecksAddressesAtOnce = atOnce;
        await _bench.CreateAsync("a");
        await _bench.SaveAsync("a", c => c with { Phase = ClusterPhase.Submitted }, null, Bench.Entry(OutboxAction.Start, "a", "a"));
        await _bench.Executor().RunOnceAsync(Bench.Cancellation);
        _bench.Farm.Find("a")!.Run(1);
        return (Check(_bench.Farm), _bench.Farm);
    }
}
