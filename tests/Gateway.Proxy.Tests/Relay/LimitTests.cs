using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Proxy.Tests.Relay;

/// <summary>Over a limit a connection is closed at once; the others do not notice; a freed place can be taken again.</summary>
public sealed class LimitTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    public static TheoryData<RelayMode, string, int> Limits => new(
        from mode in new[] { RelayMode.Splice, RelayMode.Copy }
        from limit in new[] { ("MaxConnections", Refusal.TotalLimit), ("MaxConnectionsPerSource", Refusal.SourceLimit), ("MaxConnectionsPerCluster", Refusal.ClusterLimit) }
        select (mode, limit.Item1, (int)limit.Item2));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task Limit_Reached_RefusesUntilAPlaceIsFree(RelayMode mode, string key, int reason)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [($"Limits:{key}", "3")]);
        proxy.Publish(far.Port);
        var open = new List<Socket>();
        for (int i = 0; i < 3; i++)
        {
            open.Add(await proxy.DialEchoAsync());
        }

        for (int i = 0; i < 5; i++)
        {
            using var refused = await proxy.ConnectAsync();
            try
            {
                await refused.SendAllAsync(Hello.Cluster(ProxyHost.Cluster));
                Assert.True(await refused.IsClosedByPeerAsync());
            }
            catch (SocketException)
            {
                // Closed even before the hello was sent.
            }
        }

        Assert.Equal(5, proxy.Refused((Refusal)reason));
        foreach (var socket in open)
        {
            await socket.AssertEchoAsync(1, 2);
        }

        open[0].Dispose();
        await Eventually.TrueAsync(() => proxy.Open == 2, "a place is free");
        await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 2, "and counted so");
        using var again = await proxy.DialEchoAsync();
        open.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Limit_OfOneCluster_LeavesTheOthersAlone(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("Limits:MaxConnectionsPerCluster", "1")]);
        proxy.Publish(far.Port, "a");
        proxy.Publish(far.Port, "b");

        using var a = await proxy.DialEchoAsync("a");
        using var b = await proxy.DialEchoAsync("b");
        using var second = await proxy.DialAsync("a");

        Assert.True(await second.IsClosedByPeerAsync());
        await b.AssertEchoAsync(1);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Rate_Exceeded_RefusesTheRest(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("Limits:MaxNewConnectionsPerSecond", "10")]);
        var all = new List<Socket>();
        for (int i = 0; i < 200; i++)
        {
            all.Add(await proxy.ConnectAsync());
        }

        await Eventually.TrueAsync(() => proxy.Relay.Counters.Sum(c => c.Accepted) == 200, "all accepted");
        Assert.InRange(proxy.Refused(Refusal.RateLimit), 1, 190);
        all.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task WebConnections_CountAndGiveTheirPlaceBack(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("Limits:MaxConnectionsPerSource", "2")]);
        for (int i = 0; i < 10; i++)
        {
            using var http = new HttpClient();
            await http.GetStringAsync(proxy.Url(), Cancel);
            Assert.Equal(1, proxy.App.Services.LimitsTotal());
            http.Dispose();
            await Eventually.TrueAsync(() => proxy.App.Services.LimitsTotal() == 0, "its place is free");
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Metrics_OfAllKinds_TellWhatHappened(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("RouteWait", "00:00:00")]);
        proxy.Publish(far.Port);
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener();
        var meters = proxy.App.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter is { Name: "Gateway", Scope: { } scope } && ReferenceEquals(scope, meters))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();

        using var open = await proxy.DialEchoAsync();
        using var unknown = await proxy.DialAsync("nobody");
        Assert.True(await unknown.IsClosedByPeerAsync());
        listener.RecordObservableInstruments();

        int hello = Hello.Cluster(ProxyHost.Cluster).Length;
        lock (seen)
        {
            Assert.Equal(1, seen["gateway.relay.connections.open"]);
            Assert.Equal(2, seen["gateway.relay.connections.accepted"]);
            Assert.Equal(1, seen["gateway.relay.connections.refused unknown_cluster"]);
            Assert.Equal(0, seen["gateway.relay.connections.refused total_limit"]);
            Assert.Equal(hello, seen["gateway.relay.bytes up"]);
            Assert.Equal(hello, seen["gateway.relay.bytes down"]);
            Assert.Equal(0, seen["gateway.relay.errors scheduler_reset"]);
            Assert.InRange(seen["gateway.relay.connect.duration"], 0, 10);
        }

        void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (seen)
            {
                seen[tags.IsEmpty ? instrument.Name : $"{instrument.Name} {tags[0].Value}"] = value;
            }
        }
    }
}
