using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Core.People;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Clusters;

/// <summary>Finds a cluster for a caller: what is not there is 404, what is not theirs 403.</summary>
internal sealed class ClusterDoor(IClusterStore store)
{
    /// <summary>A cluster that the caller may see and stop.</summary>
    /// <exception cref="PublicException">404 or 403.</exception>
    public Task<ClusterView> SeeAsync(string name, Caller caller, CancellationToken cancellationToken) => OpenAsync(name, caller, ClusterAccess.MayManage, cancellationToken);

    /// <summary>A cluster that the caller may use.</summary>
    /// <exception cref="PublicException">404 or 403.</exception>
    public Task<ClusterView> UseAsync(string name, Caller caller, CancellationToken cancellationToken) => OpenAsync(name, caller, ClusterAccess.MayUse, cancellationToken);

    /// <summary>The cluster of this name; null when there is none. What cannot be a name is not looked for.</summary>
    public async Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken) =>
        RandomName.IsClusterName(name) ? await store.FindAsync(name, cancellationToken) : null;

    /// <summary>The error for a cluster that is not there.</summary>
    public static PublicException Unknown(string name) => new(404, $"Cluster '{JsonText.Show(name)}' not found: it does not exist, or it ended so long ago that it was removed.");

    /// <summary>The error for somebody else's cluster.</summary>
    public static PublicException Foreign(string name) => new(403, $"Cluster {name} belongs to somebody else");

    private async Task<ClusterView> OpenAsync(string name, Caller caller, Func<Caller, Cluster, bool> may, CancellationToken cancellationToken)
    {
        var view = await FindAsync(name, cancellationToken) ?? throw Unknown(name);
        return may(caller, view.Cluster) ? view : throw Foreign(name);
    }
}
