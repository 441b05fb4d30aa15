using Gateway.Core.Clusters;

namespace Gateway.Core.People;

/// <summary>Who may do what with a cluster: one answer for API, dashboards and credentials.</summary>
public static class ClusterAccess
{
    /// <summary>Whether a caller may use a cluster: see it with its credentials, scale it, open its dashboard.</summary>
    public static bool MayUse(Caller caller, Cluster cluster) => cluster.OwnerId == caller.UserId;

    /// <summary>Whether a caller may see and stop a cluster without getting at its credentials or its data.</summary>
    public static bool MayManage(Caller caller, Cluster cluster) => caller.IsAdmin || MayUse(caller, cluster);
}
