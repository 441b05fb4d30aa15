using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>Schedulers under every kind of address, and those that cannot be reached.</summary>
public sealed class ConnectTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Address_IPv6_IsReached(RelayMode mode)
    {
        await using var far = FarEnd.Echo(IPAddress.IPv6Loopback);
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port, host: "::1");

        using var socket = await proxy.DialEchoAsync();
        await socket.AssertEchoAsync(1);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Address_DnsName_IsLookedUpWhenPublished(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("RouteWait", "00:00:30")]);
        proxy.Publish(far.Port, host: "localhost");

        using var socket = await proxy.DialEchoAsync();
        await socket.AssertEchoAsync(1);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Address_FirstOfTwoRefuses_SecondIsTried(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        var entry = Assert.Single(proxy.Routes.Entries);
        proxy.Routes.Resolved(entry, [SchedulerAddress.Of(IPAddress.Parse("127.0.0.2"), ClosedPort()), SchedulerAddress.Of(IPAddress.Loopback, far.Port)]);

        for (int i = 0; i < 20; i++)
        {
            using var socket = await proxy.DialEchoAsync();
            await socket.AssertEchoAsync(1);
        }

        Assert.Equal(0, proxy.Refused(Refusal.ConnectFailed));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Scheduler_Refuses_ClientSeesAResetAndNothingStays(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(ClosedPort());
        for (int i = 0; i < 20; i++)
        {
            using var socket = await proxy.DialAsync();
            await Assert.ThrowsAsync<SocketException>(() => socket.ReadAsync(1));
        }

        Assert.Equal(20, proxy.Refused(Refusal.ConnectFailed));
        await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 0, "all places are free");
        Assert.Equal(0, proxy.Presence.Find(ProxyHost.Cluster)!.Open);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Scheduler_NeverAnswers_GivenUpAfterTheTimeoutWhileOthersGoOn(RelayMode mode)
    {
        // A queue of one that nobody empties: once it is full, the kernel drops what arrives.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        using var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await filler.ConnectAsync(deaf.LocalEndPoint!, Cancel);
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("ConnectTimeout", "00:00:00.5")]);
        proxy.Publish(((IPEndPoint)deaf.LocalEndPoint!).Port, "deaf");
        proxy.Publish(far.Port);
        using var good = await proxy.DialEchoAsync();

        using var socket = await proxy.DialAsync("deaf");
        var end = socket.IsClosedByPeerAsync();
        do
        {
            await good.AssertEchoAsync(1);
        }
        while (!end.IsCompleted);

        Assert.True(await end);
        Assert.Equal(1, proxy.Refused(Refusal.ConnectTimeout));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task SchedulerPort_OfItsOwn_RelaysAndServesNothingElse(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("SchedulerEndpoint", "127.0.0.1:0")]);
        proxy.Publish(far.Port);
        var hello = Hello.Cluster(ProxyHost.Cluster);

        using var scheduler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await scheduler.ConnectAsync(proxy.Host.SchedulerEndPoint!, Cancel);
        await scheduler.SendAllAsync(hello);
        using var web = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await web.ConnectAsync(proxy.Host.SchedulerEndPoint!, Cancel);
        await web.SendAllAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());

        Assert.Equal(hello, await scheduler.ReadAsync(hello.Length));
        Assert.True(await web.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Refused(Refusal.NotScheduler));
    }

    public static TheoryData<RelayMode, string> Headers => new(
        from mode in new[] { RelayMode.Splice, RelayMode.Copy }
        from hex in new[]
        {
            Convert.ToHexString("PROXY TCP4 198.51.100.7 10.0.0.1 4321 443\r\n"u8),
            "0D0A0D0A000D0A515549540A" + "2111000C" + "C6336407" + "0A000001" + "10E1" + "01BB",
            "0D0A0D0A000D0A515549540A" + "21110010" + "C6336407" + "0A000001" + "10E1" + "01BB" + "04000100", // with a type-length-value after it
        }
        select (mode, hex));

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task ProxyHeader_FromATrustedSource_TellsTheClientAndIsConsumed(RelayMode mode, string hex)
    {
        var header = Convert.FromHexString(hex);
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("ProxyProtocolSources:0", "127.0.0.0/8"), ("Limits:MaxConnectionsPerSource", "1")]);
        proxy.Publish(far.Port);
        var hello = Hello.Cluster(ProxyHost.Cluster);

        using var scheduler = await proxy.ConnectAsync();
        foreach (byte b in header)
        {
            await scheduler.SendAllAsync(new[] { b });
        }

        await scheduler.SendAllAsync(hello);
        Assert.Equal(hello, await scheduler.ReadAsync(hello.Length));
        using var second = await proxy.ConnectAsync();
        await second.SendAllAsync((byte[])[.. header, .. hello]);
        Assert.True(await second.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Refused(Refusal.SourceLimit));

        scheduler.Dispose();
        await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 0, "the place is free");
        using var web = await proxy.ConnectAsync();
        await web.SendAllAsync((byte[])[.. header, .. "GET / HTTP/1.0\r\n\r\n"u8]);
        Assert.EndsWith("198.51.100.7:4321", Encoding.ASCII.GetString(await web.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task ProxyHeader_AbsentFromATrustedSource_ConnectionIsItsOwn(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("ProxyProtocolSources:0", "127.0.0.1")]);
        using var http = new HttpClient();

        Assert.Contains("127.0.0.1:", await http.GetStringAsync(proxy.Url(), Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task ProxyHeader_FromAnyoneElse_IsJunk(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("ProxyProtocolSources:0", "10.0.0.0/8")]);
        using var socket = await proxy.ConnectAsync();
        await socket.SendAllAsync("PROXY TCP4 198.51.100.7 10.0.0.1 4321 443\r\nGET / HTTP/1.0\r\n\r\n"u8.ToArray());

        Assert.StartsWith("HTTP/1.1 400", Encoding.ASCII.GetString(await socket.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task ProxyHeader_Malformed_IsClosed(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("ProxyProtocolSources:0", "127.0.0.1")]);
        foreach (var text in new[]
        {
            "PROXY TCP4 nonsense 10.0.0.1 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 10.0.0.1 10.0.0.1 1 2\r\n", "PROXY TCP4 10.0.0.1 10.0.0.1 70000 2\r\n", "PROXY \r\n",
            "PROXY " + new string('x', 200), "\r\n\r\n\0\r\nQUIT\n\x31\x11\0\f............",
        })
        {
            using var socket = await proxy.ConnectAsync();
            await socket.SendAllAsync(Encoding.Latin1.GetBytes(text));
            Assert.True(await socket.IsClosedByPeerAsync());
        }

        Assert.Equal(7, proxy.Refused(Refusal.ProxyHeader));
    }

    private static int ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
