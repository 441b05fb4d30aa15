using System.Reflection;
using Gateway.Backends.HTCondor;
using Gateway.Backends.Local;
using Gateway.Core;
using Gateway.Core.Backends;
using Gateway.Core.Options;
using Gateway.Core.Store;
using Gateway.Proxy;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Dashboards;
using Gateway.Server.Api;
using Gateway.Server.Api.Health;
using Gateway.Server.Auth;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Memory;
using Gateway.Server.Routing;
using Gateway.Server.Telemetry;
using Gateway.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Hosting;

/// <summary>Puts the parts together.</summary>
internal static class GatewayApp
{
    public static string Version { get; } =
        typeof(GatewayApp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>A gateway that is ready to be opened and run.</summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong; each message names a full key, the value and what is allowed.</exception>
    public static WebApplication Build(string[] args)
    {
        // The defaults lie beside the program; relative folders are the caller's.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var options = ServerOptions.Read(builder.Configuration);
        string basePath = PathBase.Read(builder.Configuration);

        builder.Services.AddSingleton(options);
        builder.AddGatewayTelemetry(Version);
        builder.Services.AddGatewayStorage(builder.Configuration);
        builder.Services.AddGatewayCore(builder.Configuration, _ => Core(options, basePath));
        builder.Services.AddSingleton<IBackendPlugin, LocalPlugin>();
        builder.Services.AddSingleton<IBackendPlugin, HTCondorPlugin>();
        builder.Services.AddSingleton<ISpecCheck, BackendSpecCheck>();
        builder.Services.AddSingleton<IHealthProbe, BackendsProbe>();
        builder.Services.AddSingleton<IHealthProbe, LeasesProbe>();
        builder.Services.AddSingleton<IHealthProbe, ClockProbe>();
        builder.Services.AddSingleton<DashboardAccess>();
        builder.Services.AddGatewayProxy(builder.Configuration);
        builder.Services.AddGatewayAuthentication(builder.Configuration);
        builder.Services.AddOptions<ProxyOptions>().PostConfigure<IOptions<AuthOptions>>((proxy, auth) =>
            proxy.Dashboards.PrivateCookies = [.. proxy.Dashboards.PrivateCookies, auth.Value.Session.CookieName + "*"]);
        builder.Services.AddGatewayApi(builder.Configuration);
        builder.Services.AddHostedService<RoutePublisher>();
        builder.Services.AddHostedService<PresenceReporter>();
        builder.Services.AddHostedService<StartPages>();
        builder.Services.AddDataProtection().SetApplicationName("dask-gateway");
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(s =>
            new ConfigureOptions<KeyManagementOptions>(keys =>
            {
                keys.XmlRepository = new StoredKeys(s.GetRequiredService<IProtectionKeyStore>());

                // The store encrypts what it is given; the framework, which cannot know that, would warn that nobody does.
                keys.XmlEncryptor = new NullXmlEncryptor();
            }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => FrontDoor.Configure(kestrel, options));

        var app = builder.Build();
        Use(app, options, basePath);
        return app;
    }

    private static void Use(WebApplication app, ServerOptions options, string basePath)
    {
        app.UseForwardedHeaders();
        if (options is { HasCertificate: true, StrictTransportSecurity: true })
        {
            app.UseHsts();
        }

        if (basePath.Length > 0)
        {
            app.UsePathBase(basePath);
        }

        app.UseGatewayErrors();
        app.UseDashboardOrigin();
        app.UseRouting();
        app.UseGatewayAuthentication();
        app.UseWebSockets();
        app.MapGatewayApi();
        app.MapBrowserSignIn();
        app.MapDashboards(app.Services.GetRequiredService<DashboardAccess>().AllowAsync);
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static CoreSettings Core(ServerOptions options, string basePath) => new()
    {
        Label = options.Name,
        ApiUrl = options.ApiUrl.Length > 0 ? options.ApiUrl.TrimEnd('/') : FrontDoor.OwnUrl(options) + basePath + "/api",
        Node = options.Node.Length > 0 ? options.Node : Environment.MachineName,
        DataFolder = Path.GetFullPath(options.DataFolder),
        Version = Version,
    };
}
