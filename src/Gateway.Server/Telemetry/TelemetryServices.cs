using Gateway.Core.Telemetry;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Server.Telemetry;

/// <summary>Traces and metrics: at <c>/metrics</c> always, over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or <c>Telemetry:OtlpEndpoint</c>) names a collector.</summary>
internal static class TelemetryServices
{
    // Of one instrument; room for all of them is taken at the start. All labels are bounded: routes, states, backends, outcomes.
    private const int MostSeries = 500;

    private const string Key = "Telemetry:OtlpEndpoint";
    private const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddGatewayTelemetry(this WebApplicationBuilder builder, string version)
    {
        bool exports = UseEndpoint(builder.Configuration);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("dask-gateway", serviceVersion: version))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(GatewayTelemetry.Name, "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Hosting", "Npgsql")
                    .AddRuntimeInstrumentation()
                    .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = MostSeries })
                    .AddPrometheusExporter();
                if (exports)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (exports)
        {
            // Spans cost something on every request: they are made only where somebody collects them.
            telemetry.WithTracing(traces => traces
                .AddSource(GatewayTelemetry.Name)
                .AddAspNetCoreInstrumentation(o => o.Filter = context => !context.Request.Path.Value!.EndsWith("/heartbeat", StringComparison.Ordinal))
                .AddHttpClientInstrumentation()
                .AddOtlpExporter());
        }
    }

    /// <summary>
    /// Hands our key over as the variable that OpenTelemetry reads itself: an address that is set by code would stand for traces and metrics
    /// alike, and over HTTP each has a path of its own below it.
    /// </summary>
    /// <returns>Whether there is a collector.</returns>
    private static bool UseEndpoint(ConfigurationManager configuration)
    {
        string key = string.IsNullOrWhiteSpace(configuration[Key]) ? Variable : Key;
        string? endpoint = configuration[key];
        if (string.IsNullOrWhiteSpace(endpoint))
        {
            return false;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new OptionsValidationException("Telemetry", typeof(TelemetryServices), [$"{key} is '{endpoint}'; allowed is a URL such as http://collector:4317."]);
        }

        configuration[Variable] = endpoint;
        return true;
    }
}
