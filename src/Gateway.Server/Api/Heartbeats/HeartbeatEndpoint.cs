using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Server.Api.OpenApi;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Takes what schedulers say of themselves: the busiest route, so the token is checked here and nobody is signed in.</summary>
internal static class HeartbeatEndpoint
{
    public static void MapHeartbeats(this IEndpointRouteBuilder api) =>
        api.MapPost("/v1/clusters/{name}/heartbeat", HandleAsync).AllowAnonymous().WithTags("Schedulers")
            .WithName("ReceiveHeartbeat").WithSummary("What a scheduler says of itself, with its cluster's token. The answer comes when it is stored.")
            .Produces(StatusCodes.Status200OK).Body<HeartbeatDocument>().Fails(401, 413, 422).ShortCircuit();

    private static async Task HandleAsync(string name, HttpContext http, HeartbeatReceiver receiver, HearingLoss hearing)
    {
        try
        {
            await receiver.ReceiveAsync(name, http);
        }
        catch (StoreUnavailableException)
        {
            hearing.Note();
            throw;
        }
    }
}
