using Gateway.Server.Hosting;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Server.Tests.Hosting;

public sealed class ClockProbeTests
{
    [Theory]
    [InlineData(0, null)]
    [InlineData(4.9, null)]
    [InlineData(-4.9, null)]
    [InlineData(7, "7 s ahead of")]
    [InlineData(-3600, "3600 s behind")]
    public async Task Clocks_OfReplicaAndDatabase_ThatDiffer_AreTold(double seconds, string? told)
    {
        var time = new FakeTimeProvider(FakeStore.CreatedAt + TimeSpan.FromSeconds(seconds));
        var probe = new ClockProbe(new FakeDatabase(new FakeStore(new FakeSignal())), time);
        string? problem = await probe.CheckAsync(TestContext.Current.CancellationToken);
        Assert.Equal(told is null, problem is null);
        Assert.Contains(told ?? "", problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_Silent_IsNotTheClocksFault()
    {
        var probe = new ClockProbe(new FakeDatabase(new FakeStore(new FakeSignal()) { IsSilent = true }), TimeProvider.System);
        Assert.Null(await probe.CheckAsync(TestContext.Current.CancellationToken));
    }
}
