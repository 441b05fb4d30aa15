using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>They take nearly all descriptors of this process, too, and count memory of the whole kernel.</summary>
[CollectionDefinition(nameof(CrowdTests), DisableParallelization = true)]
public sealed class CrowdTestsRunAlone;

/// <summary>What thousands of connections, and hundreds of stuck readers, take.</summary>
[Collection(nameof(CrowdTests))]
public sealed class CrowdTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RelayMode.Splice, 10_000, 2.7)]
    [InlineData(RelayMode.Copy, 2_000, 14)]
    public async Task Connections_ManyIdleThenClosed_DescriptorsReturnAndMemoryStaysSmall(RelayMode mode, int wanted, double kilobytesEach)
    {
        // Two descriptors here and two in the proxy for each.
        int count = (int)Math.Min(wanted, ((Interop.Libc.DescriptorLimit() ?? 0) - 1500) / 2);
        Assert.SkipWhen(count < 2000, "needs a file descriptor limit of 5500 or more");
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyProcess.StartAsync(far.Port, mode, 0, "--Proxy:Limits:MaxConnections 20000 --Proxy:HandshakeTimeout 00:02:00 --Proxy:ConnectTimeout 00:02:00");
        await OpenAndCloseAsync(proxy, 500); // everything is loaded and compiled
        int descriptors = proxy.Descriptors;
        long memory = proxy.PrivateKilobytes;

        var open = await OpenAsync(proxy, count);
        long more = proxy.PrivateKilobytes - memory;
        Assert.InRange(proxy.Descriptors, descriptors + (2 * count) - 100, descriptors + (2 * count) + 100);
        Assert.True(more <= count * kilobytesEach, $"{count} idle connections take {more} kB");
        await open[0].AssertEchoAsync(1);
        await open[^1].AssertEchoAsync(2);

        open.ForEach(socket => socket.Dispose());
        await Eventually.TrueAsync(() => proxy.Descriptors <= descriptors + 10, $"descriptors are back at {descriptors}");
        Assert.True(proxy.PrivateKilobytes - memory <= count * kilobytesEach, "memory is kept for the next ones and does not grow");
    }

    [Theory]
    [InlineData(RelayMode.Splice, 500, 1500)]
    [InlineData(RelayMode.Copy, 100, 5000)]
    public async Task Readers_HundredsThatStop_HoldLittleAndGetEverythingLaterWhileOthersKeepTheirPace(RelayMode mode, int readers, int kilobytesEach)
    {
        const int each = 10 << 20;
        long sent = 0;
        await using var far = new FarEnd(async (socket, cancellationToken) =>
        {
            await socket.ReadAsync(Hello.Cluster(ProxyHost.Cluster).Length);
            var echo = new byte[1];
            await socket.ReceiveAsync(echo, cancellationToken);
            if (echo[0] == 'E')
            {
                await FarEnd.EchoAsync(socket, cancellationToken);
            }
            else
            {
                var piece = new byte[64 * 1024];
                for (int at = 0; at < each; at += piece.Length)
                {
                    Array.Fill(piece, (byte)(at / piece.Length));
                    await socket.SendAllAsync(piece);
                    Interlocked.Add(ref sent, piece.Length);
                }
            }
        });
        await using var proxy = await ProxyProcess.StartAsync(far.Port, mode);
        using var good = await proxy.ConnectAsync();
        await good.SendAllAsync((byte[])[.. Hello.Cluster(ProxyHost.Cluster), (byte)'E']);
        await good.AssertEchoAsync(1);
        long before = SocketMemory();
        var stopped = new List<Socket>();
        for (int i = 0; i < readers; i++)
        {
            var socket = await proxy.ConnectAsync();
            await socket.SendAllAsync((byte[])[.. Hello.Cluster(ProxyHost.Cluster), (byte)'D']);
            stopped.Add(socket);
        }

        // Until all have begun and nothing has been taken from the far end for a while, which the one in use spends with its messages.
        long most = 0, earlier = 0;
        for (int still = 0; still < 10 || far.Accepted <= readers;)
        {
            for (int i = 0; i < 1000; i++)
            {
                await good.AssertEchoAsync((byte)i);
            }

            most = Math.Max(most, SocketMemory() - before);
            long now = Volatile.Read(ref sent);
            (still, earlier) = (now == earlier ? still + 1 : 0, now);
        }

        // The far end's and the readers' own buffers are theirs, and on other machines.
        long ours = HeldByProxy(proxy.EndPoint.Port, far.Port) / readers / 1024;
        TestContext.Current.TestOutputHelper?.WriteLine($"{mode}: {earlier / readers / 1024} kB on their way, {ours} kB of them in the proxy's sockets, and {most / readers / 1024} kB of kernel memory for all four sockets of each of {readers} stuck connections");
        Assert.InRange(ours, 1, kilobytesEach);
        await Task.WhenAll(stopped.Select(async socket =>
        {
            int have = 0;
            var buffer = new byte[64 * 1024];
            while (await socket.ReceiveAsync(buffer, Cancel) is var count and > 0)
            {
                Assert.True(buffer.AsSpan(0, 1)[0] == (byte)(have / (64 * 1024)), "damage");
                have += count;
            }

            Assert.Equal(each, have);
            socket.Dispose();
        }));
        await good.AssertEchoAsync(2);
    }

    /// <summary>Bytes that wait in the proxy's sockets: not read yet on the scheduler's side, not taken yet on the client's.</summary>
    private static long HeldByProxy(int proxyPort, int farPort)
    {
        const int local = 1, remote = 2, state = 3, queues = 4;
        return File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Sum(fields =>
            fields[state] == "0A" ? 0 : Port(fields[local]) == proxyPort ? Hex(fields[queues].Split(':')[0]) : Port(fields[remote]) == farPort ? Hex(fields[queues].Split(':')[1]) : 0);

        static long Port(string address) => Hex(address.Split(':')[1]);
        static long Hex(string text) => Convert.ToInt64(text, 16);
    }

    private static long SocketMemory()
    {
        var line = File.ReadLines("/proc/net/sockstat").First(line => line.StartsWith("TCP:", StringComparison.Ordinal)).Split(' ');
        return long.Parse(line[Array.IndexOf(line, "mem") + 1]) * Environment.SystemPageSize;
    }

    private static async Task OpenAndCloseAsync(ProxyProcess proxy, int count)
    {
        int before = proxy.Descriptors;
        (await OpenAsync(proxy, count)).ForEach(socket => socket.Dispose());
        await Eventually.TrueAsync(() => proxy.Descriptors <= before + 40, "the first ones are closed");
    }

    private static async Task<List<Socket>> OpenAsync(ProxyProcess proxy, int count)
    {
        var open = new List<Socket>(count);
        for (int i = 0; i < count; i += 50)
        {
            open.AddRange(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => proxy.DialEchoAsync())));
        }

        return open;
    }
}
