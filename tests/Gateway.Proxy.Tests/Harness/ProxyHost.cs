using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Presence;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sni;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Proxy.Tests.Harness;

/// <summary>The data plane under a real Kestrel on a port of its own, plain and TLS on that one port.</summary>
internal sealed class ProxyHost : IAsyncDisposable
{
    public const string Cluster = "c1";

    private ProxyHost(WebApplication app, IPEndPoint endPoint) => (App, EndPoint) = (app, endPoint);

    public WebApplication App { get; }

    public IPEndPoint EndPoint { get; }

    public RouteTable Routes => App.Services.GetRequiredService<RouteTable>();

    public ConnectionPresence Presence => App.Services.GetRequiredService<ConnectionPresence>();

    public RelayHost Host => App.Services.GetRequiredService<RelayHost>();

    public IRelay Relay => Host.Relay;

    public RecordingLogs Logs => App.Services.GetRequiredService<RecordingLogs>();

    public Uri Url(string path = "/") => new($"http://{EndPoint}{path}");

    public static async Task<ProxyHost> StartAsync(
        RelayMode mode, IEnumerable<(string Key, string Value)>? settings = null, Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null,
        Action<KestrelServerOptions>? listen = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Test" });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(
            (settings ?? []).Select(s => KeyValuePair.Create($"Proxy:{s.Key}", (string?)s.Value)).Prepend(new("Proxy:Relay", mode.ToString())));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<RecordingLogs>();
        builder.Services.AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<RecordingLogs>());
        builder.Services.AddGatewayProxy(builder.Configuration);
        var main = new IPEndPoint(IPAddress.Loopback, 0);
        builder.WebHost.ConfigureKestrel(listen ?? (kestrel =>
        {
            kestrel.Listen(main);
            kestrel.Listen(new TlsTwin(main), twin => twin.UseHttps(Certificates.Server()));
        }));
        configure?.Invoke(builder);
        var app = builder.Build();
        app.UseWebSockets();
        if (map is null)
        {
            app.MapGet("/", (HttpContext context) => $"{context.Request.Protocol} {context.Request.Scheme} {context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}");
        }
        else
        {
            map(app);
        }

        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ProxyHost(app, IPEndPoint.Parse(new Uri(app.Urls.First()).Authority));
    }

    public void Publish(int port, string name = Cluster, string host = "127.0.0.1") => Routes.Publish(new ClusterRoute(name, host, port));

    /// <summary>A connection, with nothing sent yet.</summary>
    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>A connection that has said whom it wants.</summary>
    public async Task<Socket> DialAsync(string cluster = Cluster)
    {
        var socket = await ConnectAsync();
        await socket.SendAllAsync(Hello.Cluster(cluster));
        return socket;
    }

    /// <summary>A connection through which an echo has come back, so that both ends are there.</summary>
    public async Task<Socket> DialEchoAsync(string cluster = Cluster)
    {
        var hello = Hello.Cluster(cluster);
        var socket = await ConnectAsync();
        await socket.SendAllAsync(hello);
        Assert.Equal(hello, await socket.ReadAsync(hello.Length));
        return socket;
    }

    public long Refused(Refusal reason) => Relay.Counters.Sum(counters => counters.Refused(reason));

    public int Open => Relay.Counters.Sum(counters => counters.Open);

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await App.StopAsync(atOnce.Token);
        await App.DisposeAsync();
    }
}
