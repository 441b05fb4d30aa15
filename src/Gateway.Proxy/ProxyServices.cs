using Gateway.Proxy.Configuration;
using Gateway.Proxy.Dashboards;
using Gateway.Proxy.Presence;
using Gateway.Proxy.Relay;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sni;
using Gateway.Proxy.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy;

/// <summary>Registration of the data plane.</summary>
public static class ProxyServices
{
    // What the rest of the process needs to stop after the relay has drained.
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Registers the transport for Kestrel's TCP endpoints, the relay, <see cref="RouteTable"/>, <see cref="ConnectionPresence"/> and dashboards,
    /// configured from section <c>Proxy</c>; also whom <c>UseForwardedHeaders</c> believes. To be called after the web host has been configured, as <c>WebApplication.CreateBuilder</c> does.
    /// </summary>
    /// <exception cref="OptionsValidationException">At start, not here: the section has wrong values; the message names each with what is allowed.</exception>
    public static IServiceCollection AddGatewayProxy(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddOptions<ProxyOptions>().Configure(options => ProxyOptionsReader.Read(configuration.GetSection(ProxyOptions.SectionName), options)).ValidateOnStart();
        services.AddSingleton<ConnectionPresence>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<ProxyMetrics>();
        services.AddSingleton<LoopFailure>();
        services.AddSingleton<RelayContext>();
        services.AddSingleton<RelayHost>();
        services.AddSingleton<IConnectionListenerFactory, SniListenerFactory>();
        services.AddHttpForwarder();
        services.AddSingleton<DashboardForwarder>();
        services.AddHostedService(provider => provider.GetRequiredService<RelayHost>());
        services.AddHostedService<AddressResolver>();
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ProxyOptions>>(TrustProxies);
        services.AddOptions<HostOptions>().PostConfigure<IOptions<ProxyOptions>>((host, proxy) =>
        {
            var needed = proxy.Value.DrainTime + StopMargin;
            host.ShutdownTimeout = host.ShutdownTimeout < needed ? needed : host.ShutdownTimeout;
        });
        return services;
    }

    // For UseForwardedHeaders. Without configured proxies nobody is believed, loopback neither: any user of this machine could claim to be somebody.
    private static void TrustProxies(ForwardedHeadersOptions headers, IOptions<ProxyOptions> proxy)
    {
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        headers.ForwardedHeaders = proxy.Value.TrustedProxies.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.All;
        headers.ForwardLimit = null; // as many as are trusted
        foreach (var text in proxy.Value.TrustedProxies)
        {
            if (NetworkList.TryParse(text, out var network))
            {
                headers.KnownIPNetworks.Add(network);
            }
        }
    }
}
