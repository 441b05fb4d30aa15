using System.Net.Sockets;
using System.Security.Cryptography;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>Bytes arrive whole, in order, and no faster than they are read.</summary>
public sealed class DataTests
{
    private const int Megabyte = 1 << 20;

    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Data_RandomPiecesBothWaysAtOnce_ArriveUnchanged(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);

        await Task.WhenAll(Enumerable.Range(1, 4).Select(async seed =>
        {
            using var client = await proxy.DialEchoAsync();
            var data = new byte[(8 * Megabyte) + seed];
            new Random(seed).NextBytes(data);
            var sending = SendInPiecesAsync(client, data, new Random(seed));
            Assert.Equal(SHA256.HashData(data), SHA256.HashData(await ReadInPiecesAsync(client, data.Length, new Random(-seed))));
            await sending;
        }));

        Assert.True(proxy.Relay.Counters.Sum(c => c.BytesUp) >= 32L * Megabyte);
        Assert.Equal(proxy.Relay.Counters.Sum(c => c.BytesUp), proxy.Relay.Counters.Sum(c => c.BytesDown));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Data_ReaderStops_WriterStopsAndOthersGoOn(RelayMode mode)
    {
        const int total = 200 * Megabyte;
        long sent = 0;
        await using var far = new FarEnd(async (socket, cancellationToken) =>
        {
            await socket.ReadAsync(Hello.Cluster(ProxyHost.Cluster).Length); // closing with something unread would be a reset
            var piece = new byte[64 * 1024];
            for (int at = 0; at < total; at += piece.Length)
            {
                Array.Fill(piece, (byte)(at / piece.Length));
                await socket.SendAllAsync(piece);
                Volatile.Write(ref sent, at + piece.Length);
            }
        });
        await using var echo = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        proxy.Publish(echo.Port, "echo");
        using var other = await proxy.DialEchoAsync("echo");
        using var stopped = await proxy.DialAsync();

        long before;
        do
        {
            before = Volatile.Read(ref sent);
            for (int i = 0; i < 500; i++)
            {
                await other.AssertEchoAsync((byte)i);
            }
        }
        while (Volatile.Read(ref sent) != before || before == 0);

        Assert.InRange(before, 1, total / 2);
        var buffer = new byte[64 * 1024];
        for (int at = 0; at < total; at += buffer.Length)
        {
            var piece = await stopped.ReadAsync(buffer.Length);
            Assert.True(piece.AsSpan().Count((byte)(at / buffer.Length)) == buffer.Length, $"damage near {at}");
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Data_SchedulerAcceptsAndNeverReads_ClientStopsAndOthersGoOn(RelayMode mode)
    {
        await using var far = new FarEnd((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));
        await using var echo = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        proxy.Publish(echo.Port, "echo");
        using var other = await proxy.DialEchoAsync("echo");
        using var stuck = await proxy.DialAsync();

        using var enough = new CancellationTokenSource();
        var sending = SendForeverAsync(stuck, enough.Token);
        long before;
        do
        {
            before = proxy.Relay.Counters.Sum(c => c.BytesUp);
            for (int i = 0; i < 500; i++)
            {
                await other.AssertEchoAsync((byte)i);
            }
        }
        while (proxy.Relay.Counters.Sum(c => c.BytesUp) - before > 500);

        Assert.False(sending.IsCompleted);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Data_SchedulerDiesInMidStream_ClientGetsWhatWasSentThenTheEnd(RelayMode mode)
    {
        await using var far = new FarEnd(async (socket, _) =>
        {
            await socket.ReadAsync(Hello.Cluster(ProxyHost.Cluster).Length);
            await socket.SendAllAsync(new byte[3 * Megabyte]);
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        using var client = await proxy.DialAsync();

        Assert.Equal(3 * Megabyte, (await client.ReadToEndAsync()).Length);
    }

    private static async Task SendInPiecesAsync(Socket socket, byte[] data, Random random)
    {
        for (int at = 0; at < data.Length;)
        {
            int size = Math.Min(random.Next(10) == 0 ? random.Next(1, Megabyte) : random.Next(1, 20_000), data.Length - at);
            await socket.SendAllAsync(data.AsMemory(at, size));
            at += size;
        }
    }

    private static async Task<byte[]> ReadInPiecesAsync(Socket socket, int length, Random random)
    {
        var data = new byte[length];
        int have = 0;
        while (have < length)
        {
            int count = await socket.ReceiveAsync(data.AsMemory(have, Math.Min(random.Next(1, 300_000), length - have)), Cancel);
            Assert.NotEqual(0, count);
            have += count;
        }

        return data;
    }

    private static async Task SendForeverAsync(Socket socket, CancellationToken cancellationToken)
    {
        var piece = new byte[64 * 1024];
        while (true)
        {
            await socket.SendAsync(piece, cancellationToken);
        }
    }
}
