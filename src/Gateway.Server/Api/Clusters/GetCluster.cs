using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Api.Waiting;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>One cluster, at once or as soon as it is no longer pending.</summary>
internal static class GetCluster
{
    public static async Task<JsonAnswer<ClusterReport>> HandleAsync(
        string name, HttpContext http, ClusterDoor door, ClusterReports reports, ClusterWaiters waiters, CancellationToken cancellationToken)
    {
        var caller = http.GetCaller();
        var view = await door.SeeAsync(name, caller, cancellationToken);
        if (http.Request.Flag("wait"))
        {
            view = view.Phase.IsPending() ? await waiters.WaitAsync(view, cancellationToken) ?? throw ClusterDoor.Unknown(name) : view;
            if (FailedToStart(view))
            {
                // The standard client shows a fixed text for FAILED, and the server's words for a 409.
                throw new PublicException(409, $"Cluster {name} failed to start: {view.Cluster.Reason ?? view.StopReason ?? "no reason is known."}");
            }
        }

        return JsonAnswers.Answer(await reports.MakeAsync(view, caller, cancellationToken), ApiJson.Answers.ClusterReport);
    }

    private static bool FailedToStart(ClusterView view) =>
        view.Cluster is { RunningAt: null, Phase: ClusterPhase.Failed } or { RunningAt: null, Phase: ClusterPhase.Closing, Outcome: ClusterPhase.Failed };
}
