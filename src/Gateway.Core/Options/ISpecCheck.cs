using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>Looks at a cluster before it is taken on: may refuse what could never start, such as an image that does not exist.</summary>
public interface ISpecCheck
{
    /// <summary>Null when the cluster may be taken on, else a sentence for its owner: what was wrong and what is allowed.</summary>
    /// <remarks>Bounded in time; when nothing can be found out in time the cluster is let through.</remarks>
    Task<string?> CheckAsync(ClusterSpec spec, CancellationToken cancellationToken);
}
