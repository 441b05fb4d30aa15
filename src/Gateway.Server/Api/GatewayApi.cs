using Gateway.Core.Dask;
using Gateway.Core.Options;
using Gateway.Core.Reconciliation;
using Gateway.Server.Api.Admin;
using Gateway.Server.Api.Clusters;
using Gateway.Server.Api.Errors;
using Gateway.Server.Api.Health;
using Gateway.Server.Api.Heartbeats;
using Gateway.Server.Api.OpenApi;
using Gateway.Server.Api.Options;
using Gateway.Server.Api.Version;
using Gateway.Server.Api.Waiting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Server.Api;

/// <summary>Puts the API into a server: services, errors (before routing and authentication), and routes.</summary>
internal static class GatewayApi
{
    /// <summary>Adds what the API needs. Store, change signal, log reader and authentication come from elsewhere.</summary>
    public static IServiceCollection AddGatewayApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => ApiSettings.Read(configuration));
        services.AddSingleton(_ => ClusterPolicy.Read(configuration));
        services.AddSingleton(provider => new SchedulerClient(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ApiSettings>().SchedulerTimeout,
            provider.GetRequiredService<ILogger<SchedulerClient>>()));
        services.AddSingleton<ClusterDoor>();
        services.AddSingleton<ClusterReports>();
        services.AddSingleton<NextCluster>();
        services.AddSingleton<CreateCluster>();
        services.AddSingleton<SchedulerDesk>();
        services.AddSingleton<ClusterWaiters>();
        services.TryAddSingleton<HearingLoss>();
        services.AddSingleton<HeartbeatQueue>();
        services.AddSingleton<RecentHeartbeats>();
        services.AddSingleton<PromptCheck>();
        services.AddSingleton<HeartbeatReceiver>();
        services.AddSingleton<IHealthProbe, DatabaseProbe>();
        services.AddSingleton<HealthChecker>();
        services.AddDocument();
        return services;
    }

    /// <summary>Turns what goes wrong below <c>/api</c> into errors that callers understand. After the path prefix is taken off, before routing.</summary>
    public static IApplicationBuilder UseGatewayErrors(this IApplicationBuilder app) => app.UseMiddleware<ErrorMiddleware>();

    /// <summary>Maps all routes below <c>/api</c>.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A value of <c>Server</c>, <c>Clusters</c>, <c>Options</c> or <c>Limits</c> is wrong; each message names its full key, the value and what is allowed.</exception>
    public static WebApplication MapGatewayApi(this WebApplication app)
    {
        // Wrong settings stop the program here, not the first request.
        app.Services.GetRequiredService<ApiSettings>();
        app.Services.GetRequiredService<ClusterPolicy>();
        var api = app.MapGroup("/api").Fails(500, 503);
        api.MapHealth();
        api.MapVersion();
        api.MapOptions();
        api.MapClusters();
        api.MapHeartbeats();
        api.MapAdmin();
        app.MapOpenApi("/api/openapi.json");
        return app;
    }
}
