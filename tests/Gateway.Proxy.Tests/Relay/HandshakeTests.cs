using System.Net.Sockets;
using System.Text;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>The first bytes of a connection, as they should be and as they should not.</summary>
public sealed class HandshakeTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    public static TheoryData<RelayMode, int, int> Hellos => new(
        from mode in new[] { RelayMode.Splice, RelayMode.Copy }
        from shape in new[] { (600, 16384), (3500, 16384), (16_000, 16384), (25_000, 16384), (1800, 1), (25_000, 1000) }
        select (mode, shape.Item1, shape.Item2));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Hellos))]
    public async Task Hello_AnySizeAndAnyRecords_RelayedByteForByte(RelayMode mode, int size, int fragment)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        var hello = Hello.Cluster(ProxyHost.Cluster, size, fragment);
        using var socket = await proxy.ConnectAsync();

        await socket.SendAllAsync(hello);

        Assert.Equal(hello, await socket.ReadAsync(hello.Length));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Hello_ByteByByte_IsRelayed(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        var hello = Hello.Cluster(ProxyHost.Cluster, 500, fragment: 100);
        using var socket = await proxy.ConnectAsync();

        foreach (byte b in hello)
        {
            await socket.SendAllAsync(new[] { b });
        }

        Assert.Equal(hello, await socket.ReadAsync(hello.Length));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Http_ByteByByte_IsAnswered(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode);
        using var socket = await proxy.ConnectAsync();

        foreach (byte b in "GET / HTTP/1.0\r\n\r\n"u8.ToArray())
        {
            await socket.SendAllAsync(new[] { b });
        }

        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(await socket.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Hello_NotForASchedulerOrTooLarge_GoesToTheWebServer(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode);
        foreach (var hello in new[] { Hello.For("example.org"), Hello.For(null), Hello.For("daskgateway-x", 40_000), Hello.For("daskgateway-") })
        {
            using var socket = await proxy.ConnectAsync();
            await socket.SendAllAsync(hello);

            // Kestrel's TLS refuses these hand-made hellos with an alert, or closes; a scheduler would have been dialled, and the name refused.
            var answer = await socket.ReadAsync(1);
            Assert.True(answer is [] or [21], $"got {Convert.ToHexString(answer)}");
        }

        Assert.Equal(0, proxy.Refused(Refusal.UnknownCluster));
        Assert.Equal(0, proxy.Refused(Refusal.HandshakeIncomplete));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Junk_OfManyKinds_NeverReachesASchedulerAndHarmsNobody(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("HandshakeTimeout", "00:00:00.5"), ("RouteWait", "00:00:00")]);
        proxy.Publish(far.Port);
        using var good = await proxy.DialEchoAsync();
        var random = new Random(5);
        for (int i = 0; i < 200; i++)
        {
            var junk = Hello.Cluster("nobody", random.Next(500), random.Next(1, 300));
            for (int k = random.Next(1, 30); k > 0; k--)
            {
                junk[random.Next(junk.Length)] = (byte)random.Next(256);
            }

            using var socket = await proxy.ConnectAsync();
            await socket.SendAllAsync(i % 2 == 0 ? junk : junk[..random.Next(1, junk.Length)]);
            if (i % 3 == 0)
            {
                socket.Abort();
            }
        }

        await good.AssertEchoAsync(1, 2, 3);
        Assert.Equal(1, far.Accepted);
        await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 1, "only the good one is left");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Hello_NeverFinished_CutAtTheDeadlineHoweverSlowlyItTrickles(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("HandshakeTimeout", "00:00:00.5")]);
        using var still = await proxy.ConnectAsync();
        await still.SendAllAsync(Hello.Cluster("x").AsMemory(0, 40));
        using var slow = await proxy.ConnectAsync();
        var hello = Hello.Cluster("x", 20_000, fragment: 10);
        var trickle = Task.Run(
            async () =>
            {
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
                for (int i = 0; i < hello.Length && await timer.WaitForNextTickAsync(Cancel); i++)
                {
                    await slow.SendAsync(hello.AsMemory(i, 1), Cancel);
                }
            },
            Cancel);

        Assert.True(await still.IsClosedByPeerAsync());
        await Assert.ThrowsAsync<SocketException>(() => trickle);
        Assert.Equal(2, proxy.Refused(Refusal.HandshakeTimeout));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Silence_OfAThousandConnections_CutAtTheDeadlineWhileOthersGoOn(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("HandshakeTimeout", "00:00:01")]);
        proxy.Publish(far.Port);
        using var good = await proxy.DialEchoAsync();
        var silent = new List<Socket>();
        for (int i = 0; i < 1000; i++)
        {
            silent.Add(await proxy.ConnectAsync());
        }

        using var http = new HttpClient();
        await good.AssertEchoAsync(1, 2, 3);
        Assert.StartsWith("HTTP/1.1", await http.GetStringAsync(proxy.Url(), Cancel), StringComparison.Ordinal);
        foreach (var socket in silent)
        {
            Assert.True(await socket.IsClosedByPeerAsync());
            socket.Dispose();
        }

        Assert.Equal(1000, proxy.Refused(Refusal.HandshakeTimeout));
        await good.AssertEchoAsync(4, 5, 6);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task UnknownNames_InAStorm_WaitInBoundedNumberAndHarmNobody(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("RouteWait", "00:00:30"), ("MaxRouteWaiters", "50")]);
        proxy.Publish(far.Port);
        using var good = await proxy.DialEchoAsync();
        var storm = new List<Socket>();
        for (int i = 0; i < 500; i++)
        {
            storm.Add(await proxy.DialAsync($"nobody-{i}"));
        }

        await Eventually.TrueAsync(() => proxy.Refused(Refusal.UnknownCluster) == 450, "all but fifty are closed at once");
        await good.AssertEchoAsync(1, 2, 3);
        Assert.Equal(1, far.Accepted);
        storm.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Client_GoneBeforeItSaysAnything_LeavesNothing(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode);
        for (int i = 0; i < 100; i++)
        {
            var socket = await proxy.ConnectAsync();
            if (i % 2 == 0)
            {
                socket.Abort();
            }

            socket.Dispose();
        }

        await Eventually.TrueAsync(() => proxy.Refused(Refusal.HandshakeIncomplete) == 100, "all are noticed");
        await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 0, "all places are free again");
    }
}
