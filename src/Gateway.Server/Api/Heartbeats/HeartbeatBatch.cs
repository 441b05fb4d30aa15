using Gateway.Core.Store;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Heartbeats that are stored together, one for each cluster.</summary>
internal sealed class HeartbeatBatch
{
    private readonly Dictionary<string, HeartbeatEntry> _entries = [];

    /// <summary>How many clusters it is about.</summary>
    public int Count => _entries.Count;

    /// <summary>What is to be stored.</summary>
    public IReadOnlyCollection<HeartbeatEntry> Entries => _entries.Values;

    /// <summary>Adds one. Of two for one cluster the later counts, but names that either is about to retire are kept: they are told once.</summary>
    /// <returns>Ends when it is stored.</returns>
    public Task Add(ReceivedHeartbeat received)
    {
        if (_entries.TryGetValue(received.Cluster, out var entry))
        {
            entry.Received = Merge(entry.Received, received);
        }
        else
        {
            _entries[received.Cluster] = entry = new(received);
        }

        return entry.Stored;
    }

    private static ReceivedHeartbeat Merge(ReceivedHeartbeat earlier, ReceivedHeartbeat later)
    {
        // Two connections may deliver out of order.
        if (earlier.Heartbeat.Incarnation is not null && earlier.Heartbeat.Incarnation == later.Heartbeat.Incarnation && earlier.Heartbeat.Sequence > later.Heartbeat.Sequence)
        {
            (earlier, later) = (later, earlier);
        }

        if (later.Checked is null && earlier.Checked is not null)
        {
            later = later with { Checked = earlier.Checked };
        }

        if (earlier.Heartbeat.Closing.Count == 0)
        {
            return later;
        }

        var both = later.Heartbeat with { Closing = [.. later.Heartbeat.Closing.Union(earlier.Heartbeat.Closing, StringComparer.Ordinal)] };
        return later with { Heartbeat = both, Hash = HeartbeatHash.Of(both) };
    }
}
