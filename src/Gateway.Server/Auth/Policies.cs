namespace Gateway.Server.Auth;

/// <summary>Authorization policies for endpoints. A route without one is open to anybody.</summary>
internal static class Policies
{
    /// <summary>A signed-in user; the handler gets them with <see cref="CallerAccess.GetCaller"/>.</summary>
    public const string User = "user";

    /// <summary>A signed-in administrator.</summary>
    public const string Admin = "admin";

    /// <summary>
    /// A signed-in user, or the scheduler of the cluster that the route value <c>name</c> names, by its token:
    /// <see cref="CallerAccess.TokenCluster"/> says which of the two.
    /// </summary>
    public const string UserOrClusterToken = "user-or-cluster-token";

    /// <summary>Only the scheduler of the cluster that the route value <c>name</c> names.</summary>
    public const string ClusterToken = "cluster-token";
}
