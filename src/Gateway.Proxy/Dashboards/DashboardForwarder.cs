using System.Diagnostics;
using System.Net;
using Gateway.Proxy.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy.Dashboards;

/// <summary>Forwards requests and WebSockets to dashboards. There is no configuration per cluster: the address is looked up for each request.</summary>
internal sealed partial class DashboardForwarder : IDisposable
{
    private readonly IHttpForwarder _forwarder;
    private readonly DashboardOptions _options;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<DashboardForwarder> _logger;
    private readonly PrivateNames _cookies;
    private readonly ForwarderRequestConfig _config;
    private readonly HttpMessageInvoker _client;

    public DashboardForwarder(IHttpForwarder forwarder, IOptions<ProxyOptions> options, IHostApplicationLifetime lifetime, ILogger<DashboardForwarder> logger)
    {
        (_forwarder, _options, _lifetime, _logger) = (forwarder, options.Value.Dashboards, lifetime, logger);
        _cookies = new PrivateNames(_options.PrivateCookies);
        _config = new ForwarderRequestConfig { ActivityTimeout = _options.ActivityTimeout, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(), // our traces are no business of a user's scheduler
            ConnectTimeout = _options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        });
    }

    public async Task ForwardAsync(HttpContext context, string clusterName, Uri dashboard, string? rest)
    {
        var transformer = new DashboardTransformer(context.Request, dashboard, rest, _options, _cookies);

        // A WebSocket would otherwise keep the server from stopping for as long as somebody looks at it.
        bool isLong = context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true || context.Request.Headers.Upgrade.Count > 0;
        var error = await _forwarder.SendAsync(context, transformer.Destination, _client, _config, transformer, isLong ? _lifetime.ApplicationStopping : CancellationToken.None);
        if (error is ForwarderError.None || context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        var reason = context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message ?? error.ToString();
        LogFailed(clusterName, dashboard, reason);
        if (!context.Response.HasStarted)
        {
            bool isTimeout = context.Response.StatusCode == StatusCodes.Status504GatewayTimeout;
            context.Response.Clear();
            await (isTimeout ? DashboardPage.TimedOutAsync(context, clusterName) : DashboardPage.UnreachableAsync(context, clusterName));
        }
    }

    public void Dispose() => _client.Dispose();

    [LoggerMessage(Level = LogLevel.Debug, Message = "Dashboard {Dashboard} of cluster {ClusterName} could not be reached or broke off: {Reason}")]
    private partial void LogFailed(string clusterName, Uri dashboard, string reason);
}
