using Gateway.Core.Dask;

namespace Gateway.Core.Tests.Dask;

public sealed class DaskSettingsValidatorTests
{
    [Fact]
    public void Failures_Defaults_AreNone() => Assert.Empty(DaskSettingsValidator.Failures("D", new DaskSettings()));

    public static TheoryData<string, DaskSettings> Wrong { get; } = new()
    {
        { "D:SchedulerCommand:0", new() { SchedulerCommand = [" "] } },
        { "D:WorkerCommand:0", new() { WorkerCommand = ["", "-m"] } },
        { "D:SchedulerPort", new() { SchedulerPort = -1 } },
        { "D:DashboardPort", new() { DashboardPort = 65536 } },
        { "D:ApiPort", new() { ApiPort = 70000 } },
        { "D:WorkerPorts", new() { WorkerPorts = "9000:8000" } },
        { "D:WorkerPorts", new() { WorkerPorts = "0" } },
        { "D:NannyPorts", new() { NannyPorts = "1:2:3" } },
        { "D:NannyPorts", new() { NannyPorts = "a" } },
        { "D:SchedulerHost", new() { SchedulerHost = "::1" } },
        { "D:AdaptivePeriod", new() { AdaptivePeriod = 0 } },
        { "D:AdaptivePeriod", new() { AdaptivePeriod = double.NaN } },
        { "D:DeathTimeout", new() { DeathTimeout = double.PositiveInfinity } },
        { "D:HeartbeatPeriod", new() { HeartbeatPeriod = 0 } },
        { "D:HeartbeatPeriod", new() { HeartbeatPeriod = 3601 } },
        { "D:LifetimeMargin", new() { LifetimeMargin = -1 } },
        { "D:LifetimeStagger", new() { LifetimeStagger = double.NaN } },
        { "D:ReplaceAhead", new() { ReplaceAhead = -1 } },
        { "D:ProxyAddress", new() { WorkerRoute = WorkerRoute.Proxy } },
        { "D:ProxyAddress", new() { WorkerRoute = WorkerRoute.Proxy, ProxyAddress = "gateway" } },
        { "D:ProxyAddress", new() { WorkerRoute = WorkerRoute.Proxy, ProxyAddress = "gateway:8000/x" } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Failures_WrongValue_NamesKeyAndWhatIsAllowed(string key, DaskSettings settings)
    {
        var failure = Assert.Single(DaskSettingsValidator.Failures("D", settings));
        Assert.StartsWith(key + " is ", failure);
    }

    [Fact]
    public void Failures_Several_AreAllTold() =>
        Assert.Equal(3, DaskSettingsValidator.Failures("D", new() { ApiPort = -1, SchedulerHost = ":", HeartbeatPeriod = 0 }).Count());

    [Theory]
    [InlineData("gateway:8000")]
    [InlineData("10.0.0.1:443")]
    [InlineData("[fd00::1]:8000")]
    public void Failures_ProxyAddress_Fits(string address) =>
        Assert.Empty(DaskSettingsValidator.Failures("D", new() { WorkerRoute = WorkerRoute.Proxy, ProxyAddress = address }));
}
