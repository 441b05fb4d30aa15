using System.Text;
using Gateway.Core;
using Gateway.Server.Api.Heartbeats;

namespace Gateway.Server.Tests.Api;

public sealed class RecentHeartbeatsTests
{
    private readonly RecentHeartbeats _recent = new(TimeProvider.System);

    [Fact]
    public void Read_WordForWordTheSame_IsTheSameHeartbeat() => Assert.Same(Read("c", Body(1, 2)), Read("c", Body(1, 2)));

    [Fact]
    public void Read_SameWordsOfAnotherCluster_IsThatClusters()
    {
        Read("c", Body(1, 2));
        Assert.Equal("d", Read("d", Body(1, 2)).Cluster);
    }

    [Fact]
    public void Read_OnlySequenceAndIdleSecondsAreNew_KeepsTheHash()
    {
        var first = Read("c", Body(1, 2));
        var second = Read("c", Body(2, 3));

        Assert.Equal((2L, 3d, first.Hash), (second.Heartbeat.Sequence!.Value, second.Heartbeat.IdleSeconds!.Value, second.Hash));
    }

    [Fact]
    public void Read_WrongAfterARightOne_IsRefusedAndForgotten()
    {
        var first = Read("c", Body(1, 2));
        Assert.Throws<PublicException>(() => Read("c", Body(1, 2).Replace("\"count\":0", "\"count\":-1", StringComparison.Ordinal)));
        Assert.Same(first, Read("c", Body(1, 2)));
    }

    // What was said before decides what it costs, never what is read.
    [Fact]
    public void Read_AfterAnyOther_IsAsIfReadAlone()
    {
        string[] names = ["\"a\"", "\"b\"", "7", "\"é\"", "\"\\u0061\""];
        var random = new Random(23);
        string body = Body(0, 0);
        for (var i = 0; i < 5_000; i++)
        {
            body = random.Next(3) switch
            {
                0 => body,
                1 => Body(random.Next(3), random.Next(3), random.Next(2)),
                _ => Body(random.Next(3), random.Next(3), random.Next(2), string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => names[random.Next(names.Length)]))),
            };
            var alone = HeartbeatReader.Read(Encoding.UTF8.GetBytes(body));
            var received = Read("c", body);
            Assert.Equivalent(alone, received.Heartbeat, strict: true);
            Assert.Equal(HeartbeatHash.Of(alone), received.Hash);
        }
    }

    private Gateway.Core.Store.ReceivedHeartbeat Read(string cluster, string body) => _recent.Read(cluster, Encoding.UTF8.GetBytes(body));

    private static string Body(int sequence, int idle, int count = 0, string active = "") => $$"""
        {"scheduler_address":"tls://h:1","dashboard_address":"","api_address":"http://h:3","count":{{count}},"active_workers":[{{active}}],"closing_workers":[],"closed_workers":[],
        "incarnation":"i","sequence":{{sequence}},"idle_since":{{idle}}}
        """;
}
