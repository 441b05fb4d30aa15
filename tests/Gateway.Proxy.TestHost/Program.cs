using System.Net;
using Gateway.Proxy;
using Gateway.Proxy.Presence;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Relay.Splice;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sni;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The data plane as a process of its own, for tests that need one and for the benchmark.
//   --listen ADDRESS:PORT   --route NAME=ADDRESS:PORT   and any configuration key, such as --Proxy:Relay copy
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddGatewayProxy(builder.Configuration);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenGateway(IPEndPoint.Parse(builder.Configuration["listen"] ?? "127.0.0.1:0")));
var app = builder.Build();
if (builder.Configuration["route"]?.Split('=') is [var name, var target])
{
    var endPoint = IPEndPoint.Parse(target);
    app.Services.GetRequiredService<RouteTable>().Publish(new ClusterRoute(name, endPoint.Address.ToString(), endPoint.Port));
}

app.MapGet("/", () => "ok");
app.MapGet("/presence", (ConnectionPresence presence) => presence.Snapshot());
app.MapPost("/kill-loop", (RelayHost host) => ((SpliceRelay)host.Relay).Loops[0].Post(() => throw new InvalidOperationException("killed by a test")));
await app.StartAsync();
Console.WriteLine($"listening {IPEndPoint.Parse(new Uri(app.Urls.First()).Authority).Port}");
await app.WaitForShutdownAsync();
