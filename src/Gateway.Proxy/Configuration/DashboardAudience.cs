namespace Gateway.Proxy.Configuration;

/// <summary>Who may see a cluster's dashboard.</summary>
public enum DashboardAudience
{
    /// <summary>The cluster's owner and administrators.</summary>
    Owner,

    /// <summary>Anybody who is signed in.</summary>
    Users,

    /// <summary>Whoever knows the link, without signing in.</summary>
    Anyone,
}
