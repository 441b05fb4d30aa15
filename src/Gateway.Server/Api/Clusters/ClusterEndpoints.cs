using Gateway.Server.Api.OpenApi;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>The routes of clusters. List and create end in a slash, and none ever redirects: a redirected POST would become a GET.</summary>
internal static class ClusterEndpoints
{
    public static void MapClusters(this IEndpointRouteBuilder api)
    {
        var clusters = api.MapGroup("/v1/clusters").WithTags("Clusters");
        var users = clusters.MapGroup("").RequireAuthorization(Policies.User);
        users.MapGet("/", ListClusters.HandleAsync)
            .Answers<Dictionary<string, ClusterReport>>("ListClusters", "The caller's clusters by name; those that are pending or running unless others are asked for.")
            .Query("status", "Which clusters: pending, running, stopping, stopped, failed; several separated by commas.").Fails(401, 422);
        users.MapPost("/", CreateCluster.HandleAsync)
            .Answers<CreateCluster.Created>("CreateCluster", "Takes a cluster on; it is pending until its scheduler runs.", StatusCodes.Status201Created)
            .Body<CreateCluster.Request>().Fails(401, 409, 413, 422);
        users.MapGet("/{name}", GetCluster.HandleAsync)
            .Answers<ClusterReport>("GetCluster", "One cluster. With wait the answer is held until it is no longer pending, 20 s at most; 409 with the reason when it failed to start.")
            .Query("wait", "Empty or 1: hold the answer.").Fails(401, 403, 404, 409);
        users.MapPost("/{name}/scale", ScaleCluster.HandleAsync)
            .Answers<ScaleAnswer>("ScaleCluster", "Asks for a number of workers and ends adaptive scaling.")
            .Body<ScaleCluster.Request>().Fails(401, 403, 404, 409, 413, 422);
        users.MapPost("/{name}/adapt", AdaptCluster.HandleAsync)
            .Answers<ScaleAnswer>("AdaptCluster", "Lets the scheduler choose the number of workers within bounds.")
            .Body<AdaptCluster.Request>().Fails(401, 403, 404, 409, 413, 422);
        users.MapGet("/{name}/events", ClusterEvents.HandleAsync)
            .Answers<ClusterEvents.Timeline>("ListEvents", "The cluster's timeline, oldest first: what happened and why something waits.")
            .Query("after", "Only lines with a higher id.", "integer").Query("max", "Most lines, 1 to 1000; 200 unless given.", "integer").Fails(401, 403, 404, 422);
        users.MapGet("/{name}/workers", ClusterWorkers.HandleAsync)
            .Answers<ClusterWorkers.WorkerList>("ListWorkers", "The cluster's workers, newest first, ended ones included.")
            .Query("max", "Most workers, 1 to 10000; 1000 unless given.", "integer").Fails(401, 403, 404, 422);
        users.MapGet("/{name}/logs", ClusterLogs.HandleAsync)
            .Answers<ClusterLogs.LogPage>("ReadLog", "What the scheduler or a worker has written.")
            .Query("worker", "A worker's name; the scheduler unless given.").Query("stream", "output or error; error unless given.")
            .Query("offset", "Bytes from the start, or, negative, from the end.", "integer").Query("max", "Most bytes, 4 to 1048576; 65536 unless given.", "integer")
            .Fails(401, 403, 404, 422);

        clusters.MapDelete("/{name}", DeleteCluster.HandleAsync).RequireAuthorization(Policies.UserOrClusterToken)
            .WithName("DeleteCluster").WithSummary("Asks a cluster to stop; also a success when it is unknown or has ended.").Fails(401, 403);
    }
}
