using Gateway.Core.Clusters;

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
    public Task Add(string cluster, Heartbeat heartbeat)
    {
        if (_entries.TryGetValue(cluster, out var entry))
        {
            entry.Heartbeat = Merge(entry.Heartbeat, heartbeat);
        }
        else
        {
            _entries[cluster] = entry = new(cluster, heartbeat);
        }

        return entry.Stored;
    }

    private static Heartbeat Merge(Heartbeat earlier, Heartbeat later)
    {
        // Two connections may deliver out of order.
        if (earlier.Incarnation is not null && earlier.Incarnation == later.Incarnation && earlier.Sequence > later.Sequence)
        {
            (earlier, later) = (later, earlier);
        }

        return earlier.Closing.Count == 0 ? later : later with { Closing = [.. later.Closing.Union(earlier.Closing, StringComparer.Ordinal)] };
    }
}
