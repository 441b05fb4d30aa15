using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Options;

namespace Gateway.Server.Api.Clusters;

/// <summary>The five states that the standard client knows.</summary>
internal static class ClusterStatus
{
    private const string Allowed = "pending, running, stopping, stopped, failed";

    /// <summary>Those that are not closing and have not ended: what a list shows unless asked otherwise, and what counts against a limit.</summary>
    public static readonly IReadOnlySet<ClusterPhase> Active = new HashSet<ClusterPhase> { ClusterPhase.Accepted, ClusterPhase.Submitted, ClusterPhase.Running };

    /// <summary>How a phase is shown.</summary>
    public static string Show(ClusterPhase phase) => phase switch
    {
        ClusterPhase.Accepted or ClusterPhase.Submitted => "PENDING",
        ClusterPhase.Running => "RUNNING",
        ClusterPhase.Closing => "STOPPING",
        ClusterPhase.Stopped => "STOPPED",
        _ => "FAILED",
    };

    /// <summary>The phases that a query asks for; without one all but the closing and the ended.</summary>
    /// <param name="query">Names separated by commas, in any case; null: none.</param>
    /// <exception cref="PublicException">422: a name is not known.</exception>
    public static IReadOnlySet<ClusterPhase> Parse(string? query)
    {
        if (query is null)
        {
            return Active;
        }

        var phases = new HashSet<ClusterPhase>();
        foreach (var name in query.Split(','))
        {
            phases.UnionWith(name.Trim().ToLowerInvariant() switch
            {
                "pending" => [ClusterPhase.Accepted, ClusterPhase.Submitted],
                "running" => [ClusterPhase.Running],
                "stopping" => [ClusterPhase.Closing],
                "stopped" => [ClusterPhase.Stopped],
                "failed" => [ClusterPhase.Failed],
                _ => throw new PublicException(422, $"'{JsonText.Show(name)}' is not a status of clusters. Allowed: {Allowed}, several separated by commas."),
            });
        }

        return phases;
    }
}
