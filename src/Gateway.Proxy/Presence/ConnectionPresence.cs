using System.Collections.Concurrent;

namespace Gateway.Proxy.Presence;

/// <summary>Tells which clusters have connections through this process, and since when the others have none.</summary>
public sealed class ConnectionPresence
{
    private readonly ConcurrentDictionary<string, ClusterConnections> _clusters = new(StringComparer.Ordinal);
    private readonly Lock _changes = new();

    /// <summary>All clusters that have a route, and those without one that still have open connections. Costs one small object per cluster.</summary>
    public IReadOnlyCollection<ClusterPresence> Snapshot()
    {
        var clusters = new List<ClusterPresence>(_clusters.Count);
        foreach (var (name, connections) in _clusters)
        {
            if (Of(connections) is { } presence)
            {
                clusters.Add(presence);
            }
            else
            {
                Forget(name, connections);
            }
        }

        return clusters;
    }

    /// <summary>The same for one cluster; null when it has neither a route nor a connection.</summary>
    public ClusterPresence? Find(string name) => _clusters.TryGetValue(name, out var connections) ? Of(connections) : null;

    internal ClusterConnections Routed(string name)
    {
        lock (_changes)
        {
            var connections = _clusters.GetOrAdd(name, static key => new ClusterConnections(key));
            connections.HasRoute = true;
            return connections;
        }
    }

    /// <summary>Connections that are still open keep being counted until the last has closed.</summary>
    internal void Withdrawn(ClusterConnections connections)
    {
        connections.HasRoute = false;
        Forget(connections.Name, connections);
    }

    private void Forget(string name, ClusterConnections connections)
    {
        lock (_changes)
        {
            if (!connections.HasRoute && connections.Open == 0)
            {
                _clusters.TryRemove(new(name, connections));
            }
        }
    }

    private static ClusterPresence? Of(ClusterConnections connections)
    {
        // The count first: a connection that closes in between then shows with its time, not as a gap.
        int open = connections.Open;
        return open > 0 || connections.HasRoute ? new ClusterPresence(connections.Name, open, connections.LastClosed) : null;
    }
}
