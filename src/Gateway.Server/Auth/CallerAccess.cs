using System.Security.Claims;
using Gateway.Core.People;
using Gateway.Server.Auth.ClusterToken;

namespace Gateway.Server.Auth;

/// <summary>Who is behind a request that passed one of <see cref="Policies"/>.</summary>
internal static class CallerAccess
{
    /// <summary>The signed-in user.</summary>
    /// <exception cref="InvalidOperationException">The request did not pass a policy that asks for a user.</exception>
    public static Caller GetCaller(this HttpContext context) =>
        context.FindCaller() ?? throw new InvalidOperationException("No user is signed in: the endpoint lacks an authorization policy.");

    /// <summary>The signed-in user, or null when the request came without one or with a cluster's token.</summary>
    public static Caller? FindCaller(this HttpContext context) => Find<CallerIdentity>(context.User)?.Caller;

    /// <summary>The cluster whose token the request carries, or null when it is not a scheduler that asks.</summary>
    public static string? TokenCluster(this HttpContext context) => Find<ClusterIdentity>(context.User)?.Cluster;

    private static T? Find<T>(ClaimsPrincipal user)
        where T : ClaimsIdentity
    {
        foreach (var identity in user.Identities)
        {
            if (identity is T found)
            {
                return found;
            }
        }

        return null;
    }
}
