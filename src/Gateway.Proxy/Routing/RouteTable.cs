using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Presence;

namespace Gateway.Proxy.Routing;

/// <summary>Which clusters can be reached, and where. Kept in memory: it needs nobody to answer, and forgets nothing by itself.</summary>
/// <remarks>
/// Look-ups take no lock and see each entry whole; a change costs the same with ten routes and with ten thousand. Names are matched as they are,
/// and only then without regard to case, since a server name may arrive in any (RFC 6066). All members may be called from any thread.
/// </remarks>
public sealed class RouteTable
{
    private readonly ConcurrentDictionary<string, RouteEntry> _exact = new(new ClusterNameComparer(ignoreCase: false));
    private readonly ConcurrentDictionary<string, RouteEntry> _anyCase = new(new ClusterNameComparer(ignoreCase: true));
    private readonly ConcurrentDictionary<string, RouteEntry>.AlternateLookup<ReadOnlySpan<byte>> _exactBytes;
    private readonly ConcurrentDictionary<string, RouteEntry>.AlternateLookup<ReadOnlySpan<byte>> _anyCaseBytes;
    private readonly ConnectionPresence _presence;
    private readonly Lock _writes = new();

    /// <summary>Makes an empty table.</summary>
    public RouteTable(ConnectionPresence presence)
    {
        _presence = presence;
        _exactBytes = _exact.GetAlternateLookup<ReadOnlySpan<byte>>();
        _anyCaseBytes = _anyCase.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>A route can be used now that could not before. Raised on the publishing thread.</summary>
    internal event Action? BecameUsable;

    /// <summary>A route needs its host looked up.</summary>
    internal event Action<RouteEntry>? NeedsAddress;

    /// <summary>Number of routes.</summary>
    public int Count => _exact.Count;

    /// <summary>All routes, in no order.</summary>
    public IReadOnlyCollection<ClusterRoute> Routes => [.. _exact.Select(pair => pair.Value.Route)];

    internal IEnumerable<RouteEntry> Entries => _exact.Select(pair => pair.Value);

    /// <summary>Adds a route or replaces the one of this name. Open connections go on to where they are connected.</summary>
    /// <exception cref="ArgumentException">The name, host, port or dashboard is not a valid one; the message says what is allowed.</exception>
    public void Publish(ClusterRoute route)
    {
        route.Validate();
        bool usable;
        RouteEntry entry;
        lock (_writes)
        {
            if (_exact.TryGetValue(route.Name, out var present) && present.Route == route)
            {
                return;
            }

            entry = new RouteEntry(route, _presence.Routed(route.Name));
            usable = entry.TryUseLiteral();
            if (!usable && present is not null && IsSameScheduler(present.Route, route))
            {
                entry.Addresses = present.Addresses; // only the dashboard moved
                usable = entry.Addresses.Length > 0;
            }

            _exact[route.Name] = entry;
            _anyCase[route.Name] = entry;
        }

        if (usable)
        {
            BecameUsable?.Invoke();
        }
        else
        {
            NeedsAddress?.Invoke(entry);
        }
    }

    /// <summary>Removes a route; a name that has none is left as it is. Open connections go on until one of their ends closes.</summary>
    public void Withdraw(string name)
    {
        lock (_writes)
        {
            if (_exact.TryRemove(name, out var entry))
            {
                _anyCase.TryRemove(new(name, entry));
                _presence.Withdrawn(entry.Connections);
            }
        }
    }

    /// <summary>Makes these the only routes. Those that are there already are not touched.</summary>
    /// <exception cref="ArgumentException">One of the routes is not valid; nothing was changed.</exception>
    public void ReplaceAll(IReadOnlyCollection<ClusterRoute> routes)
    {
        foreach (var route in routes)
        {
            route.Validate();
        }

        var names = routes.Select(route => route.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, _) in _exact)
        {
            if (!names.Contains(name))
            {
                Withdraw(name);
            }
        }

        foreach (var route in routes)
        {
            Publish(route);
        }
    }

    /// <summary>The route of a cluster, by its exact name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ClusterRoute? route)
    {
        route = _exact.TryGetValue(name, out var entry) ? entry.Route : null;
        return route is not null;
    }

    /// <summary>The entry for a name from a ClientHello, if connections to it can be made now.</summary>
    internal RouteEntry? FindUsable(ReadOnlySpan<byte> name)
    {
        if (!_exactBytes.TryGetValue(name, out var entry) && !_anyCaseBytes.TryGetValue(name, out entry))
        {
            return null;
        }

        return entry.Addresses.Length > 0 ? entry : null;
    }

    internal void Resolved(RouteEntry entry, SchedulerAddress[] addresses)
    {
        entry.Addresses = addresses;
        BecameUsable?.Invoke();
    }

    private static bool IsSameScheduler(ClusterRoute one, ClusterRoute other) =>
        one.SchedulerPort == other.SchedulerPort && string.Equals(one.SchedulerHost, other.SchedulerHost, StringComparison.OrdinalIgnoreCase);
}
