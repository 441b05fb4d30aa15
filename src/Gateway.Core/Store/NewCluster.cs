using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>A cluster to be taken on.</summary>
public sealed record NewCluster
{
    /// <summary>See <see cref="Cluster.Name"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The user who owns it.</summary>
    public required Guid OwnerId { get; init; }

    /// <summary>See <see cref="Cluster.Options"/>.</summary>
    public required string Options { get; init; }

    /// <summary>What the options mean.</summary>
    public required ClusterSpec Spec { get; init; }

    /// <summary>Most clusters that its owner may have at a time, this one included; null: any number.</summary>
    public int? MaxOwned { get; init; }

    /// <summary>Its secrets; the store encrypts key and token and keeps a hash of the token.</summary>
    public required ClusterCredentials Credentials { get; init; }
}
