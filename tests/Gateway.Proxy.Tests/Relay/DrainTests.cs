using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>The end of the process, as relayed connections see it; and who was connected.</summary>
public sealed class DrainTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Stop_OpenConnection_GoesOnUntilItEndsByItself(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("DrainTime", "00:05:00"), ("SchedulerEndpoint", "127.0.0.1:0")]);
        proxy.Publish(far.Port);
        using var open = await proxy.DialEchoAsync();
        var second = proxy.Host.SchedulerEndPoint!;

        var stopping = proxy.App.StopAsync(Cancel);
        await Eventually.TrueAsync(() => IsRefused(proxy.EndPoint) && IsRefused(second), "new connections are refused");
        for (int i = 0; i < 100; i++)
        {
            await open.AssertEchoAsync((byte)i);
        }

        Assert.False(stopping.IsCompleted);
        open.Dispose();
        await stopping;
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Stop_DrainTimeOver_CutsWhatIsLeft(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("DrainTime", "00:00:00.3")]);
        proxy.Publish(far.Port);
        using var open = await proxy.DialEchoAsync();

        await proxy.App.StopAsync(Cancel);

        Assert.True(await open.IsClosedByPeerAsync());
        await Eventually.TrueAsync(() => proxy.Open == 0, "the connection is closed");
        Assert.Equal(1, proxy.Relay.Counters.Sum(c => c.Failed(Failure.Shutdown)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Presence_OfConnections_TellsCountAndTimeOfTheLastEnd(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port, "a");
        proxy.Publish(far.Port, "b");
        var began = TimeProvider.System.GetUtcNow();
        using var one = await proxy.DialEchoAsync("a");
        using var two = await proxy.DialEchoAsync("a");

        Assert.Equal([("a", 2, null), ("b", 0, null)], proxy.Presence.Snapshot().OrderBy(p => p.Name).Select(p => (p.Name, p.Open, p.LastClosed)));
        two.Dispose();
        await Eventually.TrueAsync(() => proxy.Presence.Find("a")!.Open == 1, "one has closed");
        Assert.InRange(proxy.Presence.Find("a")!.LastClosed!.Value, began, TimeProvider.System.GetUtcNow());

        proxy.Routes.Withdraw("a");
        proxy.Routes.Withdraw("b");
        Assert.Equal(["a"], proxy.Presence.Snapshot().Select(p => p.Name)); // still connected
        await one.AssertEchoAsync(1);
        one.Dispose();
        await Eventually.TrueAsync(() => proxy.Presence.Snapshot().Count == 0, "nobody is left");
    }

    private static bool IsRefused(System.Net.EndPoint endPoint)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(endPoint);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
