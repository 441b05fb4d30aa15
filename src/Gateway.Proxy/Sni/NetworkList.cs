using System.Net;
using System.Net.Sockets;

namespace Gateway.Proxy.Sni;

/// <summary>Addresses and networks, as configured.</summary>
internal sealed class NetworkList(IReadOnlyList<IPNetwork> networks)
{
    public bool IsEmpty => networks.Count == 0;

    public static NetworkList Parse(IEnumerable<string> texts) =>
        new([.. texts.Select(text => TryParse(text, out var network) ? network : throw new FormatException($"'{text}' is neither an address nor a network"))]);

    /// <summary>Takes <c>10.1.2.3</c>, <c>10.0.0.0/8</c>, <c>::1</c> and <c>fd00::/8</c>.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            network = new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
            return true;
        }

        return IPNetwork.TryParse(text, out network);
    }

    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }
}
