using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Server.Api.Errors;
using Gateway.Server.Auth;

namespace Gateway.Server.Hosting;

/// <summary>Who may see a cluster's dashboard: its owner, and nobody learns from the answer whether somebody else's exists.</summary>
internal sealed class DashboardAccess(IClusterStore store, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly BoundedCache<string, Guid> _owners = new(10_000, time);

    public async ValueTask<bool> AllowAsync(HttpContext context, string name)
    {
        var caller = context.GetCaller();
        if (!_owners.TryGet(name, out var owner))
        {
            var view = RandomName.IsClusterName(name) ? await store.FindAsync(name, context.RequestAborted) : null;
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

        await ErrorAnswer.WriteAsync(context, StatusCodes.Status403Forbidden, $"Cluster {name} belongs to somebody else");
        return false;
    }
}
