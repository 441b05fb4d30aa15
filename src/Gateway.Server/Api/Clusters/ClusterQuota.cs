using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Core.People;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Clusters;

/// <summary>Keeps users to their number of clusters.</summary>
/// <remarks>Counting and creating are one step within a process; two replicas asked in the same moment may let one more through.</remarks>
internal sealed class ClusterQuota(IClusterStore store) : IDisposable
{
    private const int Stripes = 64;

    private static readonly IReadOnlySet<ClusterPhase> Counted = new HashSet<ClusterPhase> { ClusterPhase.Accepted, ClusterPhase.Submitted, ClusterPhase.Running };

    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Creates a cluster where the caller may have another.</summary>
    /// <exception cref="PublicException">409: they have as many as they may.</exception>
    public async Task<string> GrantAsync(Caller caller, LimitSet limits, Func<Task<string>> create, CancellationToken cancellationToken)
    {
        if (limits.MaxClustersPerUser is not { } most)
        {
            return await create();
        }

        var stripe = _locks[(uint)caller.UserId.GetHashCode() % Stripes];
        await stripe.WaitAsync(cancellationToken);
        try
        {
            var owned = most == 0 ? [] : await store.ListAsync(new() { OwnerId = caller.UserId, Phases = Counted, Max = most }, cancellationToken);
            return owned.Count < most ? await create() : throw new PublicException(409, most == 0
                ? "You may not create clusters on this gateway."
                : $"You may have {most} {(most == 1 ? "cluster" : "clusters")} at a time and have {owned.Count}: shut one down first ({string.Join(", ", owned.Take(5).Select(view => view.Cluster.Name))}).");
        }
        finally
        {
            stripe.Release();
        }
    }

    public void Dispose()
    {
        foreach (var stripe in _locks)
        {
            stripe.Dispose();
        }
    }
}
