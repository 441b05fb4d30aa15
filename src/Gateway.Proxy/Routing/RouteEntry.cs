using System.Net;
using Gateway.Proxy.Presence;

namespace Gateway.Proxy.Routing;

/// <summary>A published route with what a connection needs at once: addresses already looked up, and the cluster's counters.</summary>
internal sealed class RouteEntry(ClusterRoute route, ClusterConnections connections)
{
    private volatile SchedulerAddress[] _addresses = [];

    public ClusterRoute Route { get; } = route;

    public ClusterConnections Connections { get; } = connections;

    /// <summary>Empty while a DNS name has not been looked up yet.</summary>
    public SchedulerAddress[] Addresses
    {
        get => _addresses;
        set => _addresses = value;
    }

    /// <summary>True: the host is a literal address, nothing needs looking up.</summary>
    public bool TryUseLiteral()
    {
        if (!IPAddress.TryParse(Route.SchedulerHost, out var address))
        {
            return false;
        }

        Addresses = [SchedulerAddress.Of(address, Route.SchedulerPort)];
        return true;
    }
}
