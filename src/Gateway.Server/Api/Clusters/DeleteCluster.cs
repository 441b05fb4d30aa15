using Gateway.Core.Clusters;
using Gateway.Core.People;
using Gateway.Core.Store;
using Gateway.Server.Auth;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Server.Api.Clusters;

/// <summary>Asks a cluster to stop, for its owner, an administrator or its own scheduler.</summary>
internal static class DeleteCluster
{
    public static async Task<NoContent> HandleAsync(string name, HttpContext http, ClusterDoor door, IClusterStore store, CancellationToken cancellationToken)
    {
        if (http.TokenCluster() is { } own)
        {
            await store.RequestStopAsync(own, "Its scheduler asked for the end: it had nothing to do for its idle timeout.", failed: false, cancellationToken);
            return TypedResults.NoContent();
        }

        var caller = http.GetCaller();
        if (await door.FindAsync(name, cancellationToken) is not { } view)
        {
            return TypedResults.NoContent();
        }

        if (!ClusterAccess.MayManage(caller, view.Cluster))
        {
            throw ClusterDoor.Foreign(name);
        }

        if (!view.Cluster.Phase.IsEnded())
        {
            var reason = ClusterAccess.MayUse(caller, view.Cluster) ? "Its owner asked for the end." : $"Administrator {caller.Name} asked for the end.";
            await store.RequestStopAsync(name, reason, failed: false, cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
