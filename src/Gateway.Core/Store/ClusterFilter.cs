using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>Which clusters to list.</summary>
public sealed record ClusterFilter
{
    /// <summary>Only this user's; null: everybody's.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>Only those shown in one of these phases (see <see cref="ClusterView.Phase"/>).</summary>
    public required IReadOnlySet<ClusterPhase> Phases { get; init; }

    /// <summary>Most rows, newest first.</summary>
    public int Max { get; init; } = 10_000;
}
