using Gateway.Core.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Server.Telemetry;

/// <summary>Traces and metrics: at <c>/metrics</c> always, over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or <c>Telemetry:OtlpEndpoint</c>) names a collector.</summary>
internal static class TelemetryServices
{
    // Of one instrument; room for all of them is taken at the start. All labels are bounded: routes, states, backends, outcomes.
    private const int MostSeries = 500;

    public static void AddGatewayTelemetry(this WebApplicationBuilder builder, string version)
    {
        var section = builder.Configuration.GetSection("Telemetry");
        string? endpoint = section["OtlpEndpoint"] ?? builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"];
        bool exports = !string.IsNullOrWhiteSpace(endpoint);
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
                    metrics.AddOtlpExporter(otlp => otlp.Endpoint = Endpoint(endpoint!));
                }
            });
        if (exports)
        {
            // Spans cost something on every request: they are made only where somebody collects them.
            telemetry.WithTracing(traces => traces
                .AddSource(GatewayTelemetry.Name)
                .AddAspNetCoreInstrumentation(o => o.Filter = context => !context.Request.Path.Value!.EndsWith("/heartbeat", StringComparison.Ordinal))
                .AddHttpClientInstrumentation()
                .AddOtlpExporter(otlp => otlp.Endpoint = Endpoint(endpoint!)));
        }
    }

    private static Uri Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new Microsoft.Extensions.Options.OptionsValidationException("Telemetry", typeof(TelemetryServices), [$"Telemetry:OtlpEndpoint is '{text}'; allowed is a URL such as http://collector:4317."]);
}
