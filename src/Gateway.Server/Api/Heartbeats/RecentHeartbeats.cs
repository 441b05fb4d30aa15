using Gateway.Core.Clusters;
using Gateway.Core.Store;
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

    private readonly BoundedCache<string, Recent> _last = new(MostClusters, time);

    /// <summary>Reads a heartbeat of a cluster whose token was shown.</summary>
    /// <exception cref="Gateway.Core.PublicException">422: says which member is wrong and what is allowed.</exception>
    public ReceivedHeartbeat Read(string cluster, ReadOnlySpan<byte> body)
    {
        // The standard plugin counts nothing: word for word the same most of the time.
        if (_last.TryGet(cluster, out var last) && body.SequenceEqual(last.Body))
        {
            _last.Set(cluster, last, Kept);
            return last.Received;
        }

        var heartbeat = HeartbeatReader.Read(body, last?.Received.Heartbeat);
        var received = new ReceivedHeartbeat(cluster, heartbeat, last is not null && IsSame(heartbeat, last.Received.Heartbeat) ? last.Received.Hash : HeartbeatHash.Of(heartbeat));
        if (body.Length <= Longest)
        {
            _last.Set(cluster, new(body.ToArray(), received), Kept);
        }

        return received;
    }

    // But for sequence and idle seconds. Lists that hold the same are the same list: that is how they were read.
    private static bool IsSame(Heartbeat heartbeat, Heartbeat earlier) => heartbeat == earlier with { Sequence = heartbeat.Sequence, IdleSeconds = heartbeat.IdleSeconds };

    private sealed record Recent(byte[] Body, ReceivedHeartbeat Received);
}
