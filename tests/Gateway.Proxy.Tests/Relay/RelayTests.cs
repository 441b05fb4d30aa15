using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Relay;

public sealed class RelayTests
{
    public static TheoryData<RelayMode> Modes => [RelayMode.Splice, RelayMode.Copy];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task OnePort_PlainHttpHttpsAndSchedulers_AllServed(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } });

        using var scheduler = await proxy.DialEchoAsync();
        await scheduler.AssertEchoAsync(1, 2, 3);
        var plain = await http.GetStringAsync(proxy.Url(), Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{proxy.EndPoint.Port}/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.SendAsync(request, Cancel);
        var secure = await response.Content.ReadAsStringAsync(Cancel);

        Assert.StartsWith("HTTP/1.1 http 127.0.0.1:", plain, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/2 https 127.0.0.1:", secure, StringComparison.Ordinal);
        Assert.Equal(mode, proxy.Relay.Mode);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Relay_RealTls13_HandshakeAndEcho(RelayMode mode)
    {
        using var certificate = Certificates.Server("dask");
        await using var far = new FarEnd(async (socket, cancellationToken) =>
        {
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancellationToken);
            var buffer = new byte[100];
            await tls.WriteAsync(buffer.AsMemory(0, await tls.ReadAsync(buffer, cancellationToken)), cancellationToken);
        });
        await using var proxy = await ProxyHost.StartAsync(mode);
        proxy.Publish(far.Port);

        using var socket = await proxy.ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "DaskGateway-C1", EnabledSslProtocols = SslProtocols.Tls13 }, Cancel);
        await tls.WriteAsync("ping"u8.ToArray(), Cancel);
        var answer = new byte[4];
        await tls.ReadExactlyAsync(answer, Cancel);

        Assert.Equal("ping"u8, answer);
        Assert.Equal(SslProtocols.Tls13, tls.SslProtocol);
        Assert.Equal(certificate.Thumbprint, tls.RemoteCertificate!.GetCertHashString());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Relay_UnknownName_ClosedAfterTheWait(RelayMode mode)
    {
        await using var proxy = await ProxyHost.StartAsync(mode, [("RouteWait", "00:00:00.2")]);
        using var socket = await proxy.DialAsync("nobody");

        Assert.True(await socket.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Refused(Refusal.UnknownCluster));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Relay_RouteAppearsAMomentLater_ConnectionWaitsForIt(RelayMode mode)
    {
        await using var far = FarEnd.Echo();
        await using var proxy = await ProxyHost.StartAsync(mode, [("RouteWait", "00:00:30")]);
        var hello = Hello.Cluster("late");
        using var socket = await proxy.DialAsync("late");
        using var other = await proxy.DialAsync("late");
        await Eventually.TrueAsync(() => proxy.Relay.Counters.Sum(c => c.Accepted) == 2, "both accepted");

        proxy.Publish(far.Port, "late");

        Assert.Equal(hello, await socket.ReadAsync(hello.Length));
        Assert.Equal(hello, await other.ReadAsync(hello.Length));
    }
}
