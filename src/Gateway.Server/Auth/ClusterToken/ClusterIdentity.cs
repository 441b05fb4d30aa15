using System.Security.Claims;

namespace Gateway.Server.Auth.ClusterToken;

/// <summary>A scheduler that proved itself by its cluster's token, in ASP.NET's terms.</summary>
internal sealed class ClusterIdentity(string cluster) : ClaimsIdentity(Schemes.ClusterToken)
{
    public string Cluster { get; } = cluster;
}
