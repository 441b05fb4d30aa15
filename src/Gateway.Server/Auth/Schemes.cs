namespace Gateway.Server.Auth;

/// <summary>Names of the authentication schemes.</summary>
internal static class Schemes
{
    public const string User = "gateway-user";

    public const string ClusterToken = "gateway-cluster-token";

    /// <summary>The one of the two that fits the request's header.</summary>
    public const string UserOrClusterToken = "gateway-user-or-cluster-token";
}
