using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Proxy.Configuration;
using Gateway.Server.Auth;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Caching;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Hosting;

/// <summary>Who may see a cluster's dashboard, as <c>Proxy:Dashboards:Access</c> says. Pages and WebSockets alike come by here.</summary>
internal sealed class DashboardAccess(IClusterStore store, BrowserSignIn browsers, IOptions<ProxyOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly BoundedCache<string, Guid> _owners = new(10_000, time);
    private readonly DashboardAudience _audience = options.Value.Dashboards.Access;

    public async ValueTask<bool> AllowAsync(HttpContext context, string name)
    {
        if (_audience == DashboardAudience.Anyone)
        {
            return true;
        }

        var result = await context.AuthenticateAsync(Schemes.User);
        if (!result.Succeeded)
        {
            if (result.None && browsers.IsOffered && Navigation.Is(context.Request))
            {
                browsers.Start(context);
            }
            else
            {
                await context.ChallengeAsync(Schemes.User);
            }

            return false;
        }

        context.User = result.Ticket.Principal;
        return _audience == DashboardAudience.Users || await OwnsAsync(context, name);
    }

    private async ValueTask<bool> OwnsAsync(HttpContext context, string name)
    {
        var caller = context.GetCaller();
        if (caller.IsAdmin)
        {
            return true;
        }

        if (!_owners.TryGet(name, out var owner))
        {
            ClusterView? view;
            try
            {
                view = RandomName.IsClusterName(name) ? await store.FindAsync(name, context.RequestAborted) : null;
            }
            catch (StoreUnavailableException)
            {
                await Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"The gateway's database does not answer, so it is not known whose cluster {name} is");
                return false;
            }

            if (view?.Cluster.OwnerId is not { } found)
            {
                return true; // There is nothing to guard: the dashboard answers that there is none.
            }

            owner = found;
            _owners.Set(name, owner, Lifetime);
        }

        if (owner == caller.UserId)
        {
            return true;
        }

        await Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, $"Cluster {name} belongs to somebody else");
        return false;
    }
}
