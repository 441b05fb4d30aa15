namespace Gateway.Core.Options;

/// <summary>Limits as they apply to one caller; null: no limit.</summary>
public sealed record LimitSet
{
    /// <summary>Most workers of a cluster, 0 or more.</summary>
    public int? MaxWorkers { get; init; }

    /// <summary>Most cores of a cluster, its scheduler's included.</summary>
    public double? MaxCores { get; init; }

    /// <summary>Most bytes of memory of a cluster, its scheduler's included.</summary>
    public long? MaxMemory { get; init; }

    /// <summary>Most clusters of a user that have not ended and are not closing.</summary>
    public int? MaxClustersPerUser { get; init; }
}
