using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

/// <summary>Who is connected through any of the replicas, and the end of clusters that nobody comes back to.</summary>
public sealed class PresenceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoClientTimeout_ClientThroughOneReplica_KeepsTheClusterForAllAndItsLeavingEndsIt()
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        await using var site = await GatewaySite.StartAsync(2, new Dictionary<string, string> { ["Clusters:NoClientTimeout"] = "00:00:20" }, Token);
        using var alice = new Person(site.Replicas[0]);
        string deserted = await alice.RunClusterAsync(site, 0, Token);
        string used = await alice.RunClusterAsync(site, 0, Token);
        using var client = await ConnectAsync(site.Replicas[1], used);
        await Eventually.TrueAsync(async () => await CountedAsync(site, used) == "1", "the client is counted", Token);

        // Both replicas plan; the client's is not the one that a plan happens to be made on.
        await Eventually.TrueAsync(async () => await alice.StatusAsync(deserted, wait: false, Token) == "STOPPED", "the cluster without a client is stopped", Token);
        Assert.Equal("RUNNING", await alice.StatusAsync(used, wait: false, Token));
        Assert.Equal("1", await CountedAsync(site, used));

        client.Dispose();
        await Eventually.TrueAsync(async () => await alice.StatusAsync(used, wait: false, Token) == "STOPPED", "the cluster is stopped after its client has left", Token);
        Assert.Contains("No client has been connected", Assert.Single(await site.QueryAsync($"SELECT reason FROM clusters WHERE name = '{used}'", Token))[0], StringComparison.Ordinal);
    }

    private static async Task<string> CountedAsync(GatewaySite site, string cluster) =>
        Assert.Single(await site.QueryAsync($"SELECT CASE WHEN no_client_since IS NULL THEN clients ELSE -1 END FROM cluster_inbox WHERE cluster = '{cluster}'", Token))[0];

    /// <summary>Says whom it wants, as every Dask client does first, and stays.</summary>
    private static async Task<Socket> ConnectAsync(Replica replica, string cluster)
    {
        var address = new Uri(replica.Url);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, Token);
        var tls = new SslStream(new NetworkStream(socket));
        _ = tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = $"daskgateway-{cluster}", EnabledSslProtocols = SslProtocols.Tls13 }, Token)
            .ContinueWith(handshake => handshake.Exception, TaskScheduler.Default); // it never ends: the scheduler's part speaks no TLS
        return socket;
    }
}
