using System.Buffers;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Where the traffic of one cluster goes. Equal routes are the same route: publishing one again changes nothing.</summary>
/// <param name="Name">The cluster's name, as it follows <c>daskgateway-</c> in a client's server name: 1 to 243 ASCII letters, digits, <c>-</c>, <c>.</c> or <c>_</c>.</param>
/// <param name="SchedulerHost">The scheduler's IPv4 or IPv6 address or DNS name. Names are looked up when the route is published, and again every <see cref="ProxyOptions.ResolveInterval"/>.</param>
/// <param name="SchedulerPort">The scheduler's TCP port, 1 to 65535.</param>
/// <param name="Dashboard">The dashboard's http or https address, or null when there is none.</param>
public sealed record ClusterRoute(string Name, string SchedulerHost, int SchedulerPort, Uri? Dashboard = null)
{
    /// <summary>The longest name: with its prefix it still fits a host name's 255 bytes.</summary>
    public const int MaxNameLength = 243;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    internal void Validate()
    {
        if (Name.Length is 0 or > MaxNameLength || Name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new ArgumentException($"Cluster name '{Name}': 1 to {MaxNameLength} ASCII letters, digits, '-', '.' or '_' are allowed.");
        }

        if (SchedulerHost.Length is 0 or > 255 || Uri.CheckHostName(SchedulerHost) is UriHostNameType.Unknown)
        {
            throw new ArgumentException($"Scheduler host '{SchedulerHost}' of cluster {Name}: an IPv4 address, an IPv6 address or a DNS name is allowed.");
        }

        if (SchedulerPort is < 1 or > 65535)
        {
            throw new ArgumentException($"Scheduler port {SchedulerPort} of cluster {Name}: 1 to 65535 is allowed.");
        }

        if (Dashboard is { } dashboard && (!dashboard.IsAbsoluteUri || (dashboard.Scheme != Uri.UriSchemeHttp && dashboard.Scheme != Uri.UriSchemeHttps)))
        {
            throw new ArgumentException($"Dashboard '{dashboard}' of cluster {Name}: an absolute http or https address is allowed.");
        }
    }
}
