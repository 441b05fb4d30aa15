using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>Both ends closing, in every order and every way.</summary>
public sealed class HalfCloseTests
{
    private static readonly byte[] Question = [1, 2, 3];
    private static readonly byte[] Answer = [4, 5, 6, 7];

    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Close_ClientFirst_SchedulerStillAnswers(RelayMode mode)
    {
        await using var far = new FarEnd(async (socket, _) =>
        {
            var asked = await socket.ReadToEndAsync();
            await socket.SendAllAsync(asked[^3..].Concat(Answer).ToArray());
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        using var client = await proxy.DialAsync();

        await client.SendAllAsync(Question);
        client.Shutdown(SocketShutdown.Send);

        var answered = await client.ReadToEndAsync();
        Assert.Equal([.. Question, .. Answer], answered);
        await Eventually.TrueAsync(() => proxy.Open == 0, "the link is closed");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Close_SchedulerFirst_ClientMayStillSend(RelayMode mode)
    {
        var received = new TaskCompletionSource<byte[]>();
        await using var far = new FarEnd(async (socket, _) =>
        {
            await socket.SendAllAsync(Answer);
            socket.Shutdown(SocketShutdown.Send);
            received.SetResult(await socket.ReadToEndAsync());
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        using var client = await proxy.DialAsync();

        Assert.Equal(Answer, await client.ReadToEndAsync());
        await client.SendAllAsync(Question);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(Question, (await received.Task.WaitAsync(Cancel))[^3..]);
        await Eventually.TrueAsync(() => proxy.Open == 0, "the link is closed");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Close_BothAtOnce_NothingIsLostAndNothingStays(RelayMode mode)
    {
        await using var far = new FarEnd(async (socket, _) =>
        {
            await socket.ReadAsync(Hello.Cluster(ProxyHost.Cluster).Length);
            await socket.SendAllAsync(Answer);
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReadToEndAsync();
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);

        for (int i = 0; i < 50; i++)
        {
            using var client = await proxy.DialAsync();
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(Answer, await client.ReadToEndAsync());
        }

        await Eventually.TrueAsync(() => proxy.Open == 0, "all links are closed");
        Assert.Equal(0, proxy.Relay.Counters.Sum(c => c.Failed(Failure.ClientReset) + c.Failed(Failure.SchedulerReset)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Reset_ByClient_SchedulerSeesAReset(RelayMode mode)
    {
        var seen = new TaskCompletionSource<SocketError>();
        await using var far = new FarEnd(async (socket, cancellationToken) =>
        {
            try
            {
                await FarEnd.EchoAsync(socket, cancellationToken);
                seen.SetResult(SocketError.Success);
            }
            catch (SocketException e)
            {
                seen.SetResult(e.SocketErrorCode);
            }
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        var client = await proxy.DialEchoAsync();

        client.Abort();

        Assert.Equal(SocketError.ConnectionReset, await seen.Task.WaitAsync(Cancel));
        await Eventually.TrueAsync(() => proxy.Open == 0, "the link is closed");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Reset_BySchedulerInMidStream_ClientSeesAReset(RelayMode mode)
    {
        await using var far = new FarEnd(async (socket, _) =>
        {
            await socket.SendAllAsync(new byte[300_000]);
            socket.Abort();
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);

        for (int i = 0; i < 50; i++)
        {
            using var client = await proxy.DialAsync();
            var error = await Assert.ThrowsAsync<SocketException>(client.ReadToEndAsync);
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        }

        await Eventually.TrueAsync(() => proxy.Open == 0, "all links are closed");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Timeout_HalfClosedAndSilent_IsCut(RelayMode mode)
    {
        await using var far = new FarEnd((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));
        await using var proxy = await ProxyHost.StartAsync(mode, [("HalfCloseTimeout", "00:00:01")]);
        proxy.Publish(far.Port);
        using var client = await proxy.DialAsync();
        using var whole = await proxy.DialAsync();
        await Eventually.TrueAsync(() => proxy.Open == 2, "both are relayed");

        client.Shutdown(SocketShutdown.Send);

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Relay.Counters.Sum(c => c.Failed(Failure.HalfCloseTimeout)));
        await Eventually.TrueAsync(() => proxy.Open == 1, "only the other one is left");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Timeout_IdleConfigured_CutsTheSilentOneOnly(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("IdleTimeout", "00:00:01")]);
        proxy.Publish(far.Port);
        using var silent = await proxy.DialEchoAsync();
        using var busy = await proxy.DialEchoAsync();

        var cut = silent.IsClosedByPeerAsync();
        while (!cut.IsCompleted)
        {
            await busy.AssertEchoAsync(1);
        }

        Assert.True(await cut);
        await busy.AssertEchoAsync(2);
        Assert.Equal(1, proxy.Relay.Counters.Sum(c => c.Failed(Failure.IdleTimeout)));
    }
}
