using Gateway.Core.Clusters;
using Gateway.Server.Api.Json;
using Gateway.Server.Api.OpenApi;
using Gateway.Server.Auth.ClusterToken;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Takes what schedulers say of themselves: the busiest route, so the token is checked here and nobody is signed in.</summary>
internal static class HeartbeatEndpoint
{
    public static void MapHeartbeats(this IEndpointRouteBuilder api)
    {
        var services = api.ServiceProvider;
        var tokens = services.GetRequiredService<ClusterTokens>();
        var queue = services.GetRequiredService<HeartbeatQueue>();
        var max = services.GetRequiredService<ApiSettings>().MaxHeartbeatSize;
        api.MapPost("/v1/clusters/{name}/heartbeat", http => HandleAsync(http, tokens, queue, max))
            .AllowAnonymous()
            .WithName("ReceiveHeartbeat").WithSummary("What a scheduler says of itself, with its cluster's token. The answer comes when it is stored.").WithTags("Schedulers")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK))
            .Body<HeartbeatDocument>().Fails(401, 413, 422);
    }

    private static async Task HandleAsync(HttpContext http, ClusterTokens tokens, HeartbeatQueue queue, int max)
    {
        var name = (string)http.Request.RouteValues["name"]!;
        if (!await tokens.ValidateAsync(name, http.Request.Headers.Authorization, http.RequestAborted))
        {
            await ClusterTokens.ChallengeAsync(http);
            return;
        }

        Heartbeat heartbeat;
        using (var body = await RequestBody.ReadAsync(http.Request, max, http.RequestAborted))
        {
            heartbeat = HeartbeatReader.Read(body.Span);
        }

        await queue.StoreAsync(name, heartbeat).WaitAsync(http.RequestAborted);
        http.Response.ContentLength = 0;
    }
}
