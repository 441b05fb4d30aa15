using Gateway.Core;
using Gateway.Core.Backends;
using Gateway.Core.Store;
using Gateway.Server.Auth;
using Gateway.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Commands;

/// <summary>Serves until it is told to stop.</summary>
internal static partial class Serve
{
    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = GatewayApp.Build(args);
        var options = app.Services.GetRequiredService<ServerOptions>();
        app.Services.GetRequiredService<ExposureCheck>().Verify([.. options.Endpoints.Select(e => $"http://{e}"), .. ConfiguredUrls(app.Configuration)]);
        app.Services.GetRequiredService<GatewayIdentityAccessor>().Identity = await OpenAsync(app, options);

        // Made and asked now, so that what is wrong with a backend ends the program with a sentence before anything listens.
        await ProbeAsync(app.Services.GetRequiredService<BackendRegistry>(), app.Lifetime.ApplicationStopping);
        await app.RunAsync();
        return Environment.ExitCode;
    }

    private static async Task<GatewayIdentity> OpenAsync(WebApplication app, ServerOptions options)
    {
        var store = app.Services.GetRequiredService<IGatewayStore>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        long begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await store.OpenAsync(app.Lifetime.ApplicationStopping);
            }
            catch (StoreUnavailableException e) when (time.GetElapsedTime(begun) < options.StoreWait)
            {
                LogWaiting(app.Logger, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, app.Lifetime.ApplicationStopping);
            }
        }
    }

    private static async Task ProbeAsync(BackendRegistry backends, CancellationToken cancellationToken)
    {
        var refusals = await Task.WhenAll(backends.All.Select(async instance =>
            await instance.Backend.ProbeAsync(cancellationToken) is { } refusal ? $"Backends:{instance.Name}: {refusal}" : null));
        string[] failures = [.. refusals.OfType<string>()];
        if (failures.Length > 0)
        {
            throw new OptionsValidationException("Backends", typeof(BackendRegistry), failures);
        }
    }

    private static IEnumerable<string> ConfiguredUrls(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>()
            .Concat(configuration["urls"]?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? []);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the database: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string reason);
}
