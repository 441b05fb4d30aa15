using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>Peers that are gone without a word, or take nothing any more.</summary>
public sealed class DeadPeerTests
{
    private const int LinuxUserTimeout = 18;

    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task BothSockets_OfARelayedConnection_HaveTheProbesAndTimeoutOfTheConfiguration(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("KeepAlive:Time", "00:00:41"), ("KeepAlive:Interval", "00:00:07"), ("KeepAlive:Probes", "3"), ("KeepAlive:UserTimeout", "00:01:02")]);
        proxy.Publish(far.Port);
        using var client = await proxy.DialEchoAsync();

        var toClient = Assert.Single(SocketsOfThisProcess(), s => s.Local.Port == proxy.EndPoint.Port && s.Peer.Equals(client.LocalEndPoint));
        var toScheduler = Assert.Single(SocketsOfThisProcess(), s => s.Peer.Port == far.Port);

        var expected = new TcpOptions(NoDelay: true, KeepAlive: true, Time: 41, Interval: 7, Probes: 3, UserTimeoutMilliseconds: 62_000);
        Assert.Equal(expected, toClient.Options);
        Assert.Equal(expected, toScheduler.Options);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Zero_TurnsProbesAndTimeoutOff(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("KeepAlive:Time", "00:00:00"), ("KeepAlive:UserTimeout", "00:00:00")]);
        proxy.Publish(far.Port);
        using var client = await proxy.DialEchoAsync();

        var toScheduler = Assert.Single(SocketsOfThisProcess(), s => s.Peer.Port == far.Port);

        Assert.False(toScheduler.Options.KeepAlive);
        Assert.Equal(0, toScheduler.Options.UserTimeoutMilliseconds);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task UserTimeout_ClientThatTakesNothing_IsCutAndTheOthersStay(RelayMode mode)
    {
        await using var flood = new FarEnd(async (socket, cancellationToken) =>
        {
            while (true)
            {
                await socket.SendAsync(new byte[64 * 1024], cancellationToken);
            }
        });
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("KeepAlive:UserTimeout", "00:00:01")]);
        proxy.Publish(flood.Port, "flood");
        proxy.Publish(far.Port);
        using var silent = await proxy.DialEchoAsync();
        using var stuck = await proxy.DialAsync("flood");
        await Eventually.TrueAsync(() => proxy.Open == 2, "both are relayed");

        await Eventually.TrueAsync(() => proxy.Open == 1, "the one that takes nothing is cut");

        // Silence is no sign of death: all that was sent to it has been acknowledged.
        await silent.AssertEchoAsync(1, 2, 3);
    }

    // The relay runs in the test's own process: the kernel tells of each socket what holds for it.
    private static List<(IPEndPoint Local, IPEndPoint Peer, TcpOptions Options)> SocketsOfThisProcess()
    {
        var found = new List<(IPEndPoint, IPEndPoint, TcpOptions)>();
        foreach (var path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) != true)
            {
                continue;
            }

            try
            {
                using var handle = new SafeSocketHandle(int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture), ownsHandle: false);
                using var socket = new Socket(handle);
                if (socket is { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint peer })
                {
                    found.Add((local, peer, TcpOptions.Of(socket)));
                }
            }
            catch (SocketException)
            {
                // Another test's, closed meanwhile, or not of TCP.
            }
        }

        return found;
    }

    private sealed record TcpOptions(bool NoDelay, bool KeepAlive, int Time, int Interval, int Probes, int UserTimeoutMilliseconds)
    {
        public static TcpOptions Of(Socket socket) => new(
            socket.NoDelay,
            Get(socket, SocketOptionLevel.Socket, SocketOptionName.KeepAlive) != 0,
            Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime),
            Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval),
            Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount),
            Raw(socket, LinuxUserTimeout));

        private static int Get(Socket socket, SocketOptionLevel level, SocketOptionName name) => (int)socket.GetSocketOption(level, name)!;

        private static int Raw(Socket socket, int name)
        {
            var value = new byte[sizeof(int)];
            socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, name, value);
            return BitConverter.ToInt32(value);
        }
    }
}
