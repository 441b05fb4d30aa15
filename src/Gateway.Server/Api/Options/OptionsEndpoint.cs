using Gateway.Core.Options;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Options;

/// <summary>What users may set when they create a cluster.</summary>
internal static class OptionsEndpoint
{
    public static void MapOptions(this IEndpointRouteBuilder api)
    {
        var answer = api.ServiceProvider.GetRequiredService<ClusterPolicy>().Options.Specification;
        api.MapGet("/v1/options", (HttpContext http, CancellationToken cancellationToken) => JsonAnswers.WriteAsync(http, answer, cancellationToken))
            .RequireAuthorization(Policies.User)
            .WithTags("Clusters").Answers<OptionsDocument>("ListOptions", "The options that a cluster can be created with, in order.").Fails(401);
    }
}
