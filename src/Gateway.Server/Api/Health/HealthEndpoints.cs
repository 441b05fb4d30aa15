using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Health;

/// <summary>Whether the gateway serves, for people, load balancers and supervisors.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder api)
    {
        var health = api.MapGroup("/health").WithTags("Gateway");
        health.MapMethods("", Endpoints.Reading, CheckAsync)
            .Answers<HealthReport>("Health", "Whether the gateway can serve.").Answers<HealthReport>(503);
        health.MapMethods("/ready", Endpoints.Reading, ReadyAsync)
            .Answers<HealthReport>("Readiness", "Whether this process should get requests: it can serve and is not shutting down.").Answers<HealthReport>(503);
        health.MapMethods("/live", Endpoints.Reading, Live)
            .Answers<HealthReport>("Liveness", "Whether this process runs at all: it need not be restarted.");
    }

    private static async Task<JsonAnswer<HealthReport>> CheckAsync(HealthChecker checker, CancellationToken cancellationToken) =>
        Answer(await checker.CheckAsync(cancellationToken));

    private static async Task<JsonAnswer<HealthReport>> ReadyAsync(HealthChecker checker, IHostApplicationLifetime lifetime, CancellationToken cancellationToken) =>
        Answer(lifetime.ApplicationStopping.IsCancellationRequested
            ? new(HealthReport.Fail, "shutting down")
            : await checker.CheckAsync(cancellationToken));

    private static JsonAnswer<HealthReport> Live() => Answer(new(HealthReport.Pass));

    private static JsonAnswer<HealthReport> Answer(HealthReport report) => JsonAnswers.Answer(
        report,
        ApiJson.Answers.HealthReport,
        report.Status == HealthReport.Fail ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
}
