using System.Globalization;
using System.Net;

namespace Gateway.Core.Clusters;

/// <summary>Where a scheduler says that it is, taken apart.</summary>
/// <param name="Host">The host that all its addresses must share.</param>
/// <param name="SchedulerPort">The Dask protocol's port.</param>
/// <param name="ApiPort">The command port.</param>
/// <param name="DashboardPort">The dashboard's port; null: none.</param>
public sealed record SchedulerEndpoints(string Host, int SchedulerPort, int ApiPort, int? DashboardPort)
{
    /// <summary>What a check is asked for: host and ports, separated by blanks.</summary>
    public string Argument => string.Join(' ', [Host, .. Ports.Select(port => port.ToString(CultureInfo.InvariantCulture))]);

    /// <summary>All its ports.</summary>
    public IReadOnlyList<int> Ports => DashboardPort is { } dashboard ? [SchedulerPort, ApiPort, dashboard] : [SchedulerPort, ApiPort];

    /// <summary>Reads a heartbeat's addresses; null when one is not a plain address of the right scheme, or they are not all at one host.</summary>
    public static SchedulerEndpoints? Parse(Heartbeat heartbeat)
    {
        if (Read(heartbeat.SchedulerAddress, "tls") is not { } scheduler || Read(heartbeat.ApiAddress, "http") is not { } api)
        {
            return null;
        }

        (string Host, int Port)? dashboard = heartbeat.DashboardAddress.Length == 0 ? null : Read(heartbeat.DashboardAddress, "http");
        bool sound = api.Host == scheduler.Host && (heartbeat.DashboardAddress.Length == 0 || dashboard?.Host == scheduler.Host);
        return sound ? new(scheduler.Host, scheduler.Port, api.Port, dashboard?.Port) : null;
    }

    /// <summary>Reads <see cref="Argument"/> back.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static (string Host, IReadOnlyList<int> Ports) ParseArgument(string argument)
    {
        var parts = argument.Split(' ');
        return (parts[0], [.. parts.Skip(1).Select(p => int.Parse(p, CultureInfo.InvariantCulture))]);
    }

    /// <summary>Host (without brackets) and port of a plain <c>scheme://host:port</c>; null when it is anything else.</summary>
    public static (string Host, int Port)? Read(string address, string scheme)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)
            || uri.Scheme != scheme
            || uri.UserInfo.Length > 0
            || uri.PathAndQuery.Trim('/').Length > 0
            || uri.Fragment.Length > 0
            || uri.Port is <= 0 or > 65535)
        {
            return null;
        }

        string host = uri.IdnHost.Trim('[', ']');
        return host.Length == 0 || (IPAddress.TryParse(host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
            ? null
            : (host, uri.Port);
    }
}
