using Gateway.Core.Clusters;
using Gateway.Server.Caching;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>What schedulers have said a moment ago: nearly all of it they say again, and what is the same need not be read anew.</summary>
internal sealed class RecentHeartbeats(TimeProvider time)
{
    private const int MostClusters = 1_000;

    // Some seven hundred workers.
    private const int Longest = 32 << 10;

    // Several times as long as schedulers are silent between two of them.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(2);

    private readonly BoundedCache<string, Heartbeat> _last = new(MostClusters, time);

    /// <summary>Reads a heartbeat of a cluster whose token was shown.</summary>
    /// <exception cref="Gateway.Core.PublicException">422: says which member is wrong and what is allowed.</exception>
    public Heartbeat Read(string cluster, ReadOnlySpan<byte> body)
    {
        var heartbeat = HeartbeatReader.Read(body, _last.TryGet(cluster, out var last) ? last : null);
        if (body.Length <= Longest)
        {
            _last.Set(cluster, heartbeat, Kept);
        }

        return heartbeat;
    }
}
