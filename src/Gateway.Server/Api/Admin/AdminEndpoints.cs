using Gateway.Server.Auth;

namespace Gateway.Server.Api.Admin;

/// <summary>Routes for administrators.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder api)
    {
        var admin = api.MapGroup("/v1/admin").WithTags("Administration").RequireAuthorization(Policies.Admin);
        admin.MapGet("/replicas", ReplicaList.HandleAsync)
            .Answers<ReplicaList.Report>("ListReplicas", "The gateway processes that share this database: version, start, latest sign of life, leases held.").Fails(401, 403);
    }
}
