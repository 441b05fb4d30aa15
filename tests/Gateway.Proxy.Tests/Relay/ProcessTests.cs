using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>What concerns the process as a whole: descriptors, memory, and its end.</summary>
[Collection(nameof(ProcessTests))]
public sealed class ProcessTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_QuickOnesEnd_NoLoopGoesOnLookingForMore()
    {
        // Longer than the default, so that this machine's answers count as quick for certain.
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyProcess.StartAsync(far.Port, RelayMode.Splice, 0, "--Proxy:SpinTime 00:00:00.001");
        using var client = await proxy.DialEchoAsync();
        for (int i = 0; i < 2000; i++)
        {
            await client.AssertEchoAsync((byte)i);
        }

        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        await second.WaitForNextTickAsync(Cancel);
        var before = proxy.ProcessorTime;
        await second.WaitForNextTickAsync(Cancel);
        var used = proxy.ProcessorTime - before;

        Assert.True(used < TimeSpan.FromMilliseconds(300), $"an idle proxy took {used.TotalMilliseconds} ms of a second");
        await client.AssertEchoAsync(1);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Descriptors_RunOut_NewOnesWaitOldOnesGoOnAndItIsTold(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyProcess.StartAsync(far.Port, mode, descriptors: 400, "--Proxy:Limits:MaxConnections 10000 --Proxy:HandshakeTimeout 00:01:00");
        using var good = await proxy.DialEchoAsync();
        var crowd = new List<Socket>();
        for (int i = 0; i < 450; i++)
        {
            crowd.Add(await proxy.ConnectAsync());
        }

        await Eventually.TrueAsync(() => proxy.Output.Any(line => line.Contains("Out of file descriptors", StringComparison.Ordinal)), "it is told");
        for (int i = 0; i < 1000; i++)
        {
            await good.AssertEchoAsync((byte)i);
        }

        Assert.True(proxy.Descriptors < 400, "some are kept for everything else");
        crowd.ForEach(socket => socket.Dispose());
        await Eventually.TrueAsync(() => proxy.Descriptors < 250, "there is room again");
        using var again = await proxy.DialEchoAsync();
        Assert.Single(proxy.Output, line => line.Contains("Out of file descriptors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Loop_Dies_ProcessStopsLoudlyWithACode()
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyProcess.StartAsync(far.Port, RelayMode.Splice, 0, "--Proxy:DrainTime 00:00:00");
        using var http = new HttpClient();

        using var response = await http.PostAsync(new Uri($"http://{proxy.EndPoint}/kill-loop"), null, Cancel);

        Assert.Equal(LoopFailure.ExitCode, await proxy.ExitCodeAsync());
        Assert.Contains(proxy.Output, line => line.StartsWith("crit:", StringComparison.Ordinal));
        Assert.Contains(proxy.Output, line => line.Contains("relay loop 0 has died", StringComparison.Ordinal));
    }
}
