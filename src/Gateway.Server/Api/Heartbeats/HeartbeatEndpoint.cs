using Gateway.Core.Clusters;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Api.OpenApi;
using Gateway.Server.Auth.ClusterToken;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Takes what schedulers say of themselves: the busiest route, so the token is checked here and nobody is signed in.</summary>
internal static class HeartbeatEndpoint
{
    public static void MapHeartbeats(this IEndpointRouteBuilder api) =>
        api.MapPost("/v1/clusters/{name}/heartbeat", HandleAsync).AllowAnonymous().WithTags("Schedulers")
            .WithName("ReceiveHeartbeat").WithSummary("What a scheduler says of itself, with its cluster's token. The answer comes when it is stored.")
            .Produces(StatusCodes.Status200OK).Body<HeartbeatDocument>().Fails(401, 413, 422);

    private static async Task HandleAsync(
        string name, HttpContext http, ClusterTokens tokens, RecentHeartbeats recent, HeartbeatQueue queue, HearingLoss hearing, ApiSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(name, http, tokens, recent, queue, settings, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            hearing.Note();
            throw;
        }
    }

    private static async Task TakeAsync(
        string name, HttpContext http, ClusterTokens tokens, RecentHeartbeats recent, HeartbeatQueue queue, ApiSettings settings, CancellationToken cancellationToken)
    {
        if (!await tokens.ValidateAsync(name, http.Request.Headers.Authorization, cancellationToken))
        {
            await ClusterTokens.ChallengeAsync(http);
            return;
        }

        Heartbeat heartbeat;
        using (var body = await RequestBody.ReadAsync(http.Request, settings.MaxHeartbeatSize, cancellationToken))
        {
            heartbeat = recent.Read(name, body.Span);
        }

        await queue.StoreAsync(name, heartbeat).WaitAsync(cancellationToken);
        http.Response.ContentLength = 0;
    }
}
