using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Schedds;

/// <summary>Compares an address that a scheduler names with the machine that its job runs on.</summary>
internal static partial class AddressCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="host">What the scheduler says: a name or an address.</param>
    /// <param name="machine">The machine's name.</param>
    /// <param name="startd">The startd's address as HTCondor writes it; null: not known.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait for name look-ups.</param>
    public static async Task<AddressVerdict> CheckAsync(string host, string machine, string? startd, TimeProvider time, CancellationToken cancellationToken)
    {
        var named = await ResolveAsync(host, time, cancellationToken);
        if (named.Count == 0)
        {
            // A name that cannot be looked up now may be later; nobody can connect to it meanwhile.
            return AddressVerdict.NotYet;
        }

        var own = new HashSet<IPAddress>(Addresses(startd ?? ""));
        own.UnionWith(await ResolveAsync(machine, time, cancellationToken));
        return named.All(own.Contains) ? AddressVerdict.Yes : AddressVerdict.No;
    }

    /// <summary>All addresses in a text such as <c>&lt;10.0.0.7:9618?addrs=10.0.0.7-9618+[fd00::7]-9618&amp;…&gt;</c>.</summary>
    internal static IEnumerable<IPAddress> Addresses(string sinful)
    {
        foreach (Match match in Address().Matches(sinful))
        {
            if (IPAddress.TryParse(match.Groups[1].Value.Replace("%3a", ":", StringComparison.OrdinalIgnoreCase), out var address))
            {
                yield return address;
            }
        }
    }

    private static async Task<IReadOnlyCollection<IPAddress>> ResolveAsync(string host, TimeProvider time, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            return [address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException or TimeoutException)
        {
            return [];
        }
    }

    [GeneratedRegex(@"(?:<|addrs=|\+)\[?([0-9A-Fa-f.:]+?|[0-9A-Fa-f%:.]+?)\]?[-:]\d{1,5}(?=[?+&>]|$)")]
    private static partial Regex Address();
}
