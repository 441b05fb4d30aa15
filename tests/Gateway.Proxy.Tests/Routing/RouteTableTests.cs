using System.Text;
using Gateway.Proxy.Presence;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Tests.Routing;

public sealed class RouteTableTests
{
    private readonly RouteTable _table = new(new ConnectionPresence());

    [Fact]
    public void Publish_SameRouteAgain_ChangesNothing()
    {
        _table.Publish(Route("a"));
        var before = _table.FindUsable("a"u8);
        int raised = 0;
        _table.BecameUsable += () => raised++;

        _table.Publish(Route("a"));
        Assert.Equal((true, 0), (ReferenceEquals(before, _table.FindUsable("a"u8)), raised));

        _table.Publish(Route("a", port: 2));
        Assert.Equal((2, 1), (_table.FindUsable("a"u8)!.Addresses[0].EndPoint.Port, raised));
    }

    [Fact]
    public void Find_AnyCase_PrefersTheExactName()
    {
        _table.Publish(Route("Name", port: 1));
        _table.Publish(Route("name", port: 2));

        Assert.Equal(1, PortOf("Name"));
        Assert.Equal(2, PortOf("name"));
        Assert.NotNull(PortOf("NAME"));
        Assert.Null(PortOf("nam"));
        Assert.Null(PortOf("näme"));
    }

    [Fact]
    public void ReplaceAll_LeavesThoseThatStayAndRemovesTheRest()
    {
        _table.ReplaceAll([Route("a"), Route("b")]);
        var kept = _table.FindUsable("b"u8);

        _table.ReplaceAll([Route("b"), Route("c")]);

        Assert.Equal(["b", "c"], _table.Routes.Select(route => route.Name).Order());
        Assert.Same(kept, _table.FindUsable("b"u8));
        Assert.Null(PortOf("a"));
    }

    [Fact]
    public void ReplaceAll_OneRouteIsWrong_ChangesNothing()
    {
        _table.Publish(Route("a"));

        Assert.Throws<ArgumentException>(() => _table.ReplaceAll([Route("b"), Route("c", port: 0)]));

        Assert.Equal(["a"], _table.Routes.Select(route => route.Name));
    }

    [Theory]
    [InlineData("", "127.0.0.1", 1, "1 to 243 ASCII letters")]
    [InlineData("a b", "127.0.0.1", 1, "'a b'")]
    [InlineData("a/../b", "127.0.0.1", 1, "'a/../b'")]
    [InlineData("a", "not a host", 1, "'not a host'")]
    [InlineData("a", "", 1, "an IPv4 address")]
    [InlineData("a", "127.0.0.1", 65536, "1 to 65535")]
    public void Publish_WrongRoute_SaysWhatIsAllowed(string name, string host, int port, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => _table.Publish(new ClusterRoute(name, host, port)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Publish_DashboardMoves_AddressesThatWereLookedUpStay()
    {
        _table.Publish(new ClusterRoute("a", "scheduler.example", 1));
        Assert.Null(PortOf("a"));
        _table.Resolved(Assert.Single(_table.Entries), [SchedulerAddress.Of(System.Net.IPAddress.Loopback, 1)]);

        _table.Publish(new ClusterRoute("a", "scheduler.example", 1, new Uri("http://scheduler.example:8787")));

        Assert.Equal(1, PortOf("a"));
    }

    [Fact]
    public async Task Table_ReadWhileItChanges_AlwaysHoldsWhatNobodyTouches()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _table.Publish(Route($"stays-{i}"));
        }

        using var enough = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 2).Select(w => Task.Run(
            () =>
            {
                for (int i = 0; !enough.IsCancellationRequested; i++)
                {
                    _table.Publish(Route($"goes-{w}-{i % 50}", port: 1 + (i % 1000)));
                    _table.Withdraw($"goes-{w}-{(i + 25) % 50}");
                }
            },
            TestContext.Current.CancellationToken)).ToList();

        for (int i = 0; i < 200_000; i++)
        {
            Assert.NotNull(_table.FindUsable(Encoding.ASCII.GetBytes($"stays-{i % 10_000}")));
        }

        await enough.CancelAsync();
        await Task.WhenAll(writers);
    }

    private static ClusterRoute Route(string name, int port = 1) => new(name, "127.0.0.1", port);

    private int? PortOf(string name) => _table.FindUsable(Encoding.Latin1.GetBytes(name))?.Addresses[0].EndPoint.Port;
}
