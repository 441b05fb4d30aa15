using System.Text;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>The form of addresses that schedulers may name. Whether one is theirs is found out elsewhere.</summary>
internal static class SchedulerAddress
{
    /// <summary>Most characters: a host name of 253 with a scheme and a port.</summary>
    public const int Longest = 300;

    /// <summary>Whether a text is <c>scheme://host:port</c> with its port and nothing more.</summary>
    public static bool IsValid(string address, string scheme) =>
        Ascii.IsValid(address)
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Scheme == scheme
        && uri.Host.Length > 0
        && uri.Port is > 0 and <= ushort.MaxValue
        && address.AsSpan().TrimEnd('/').EndsWith($":{uri.Port}")
        && uri.UserInfo.Length == 0
        && uri.PathAndQuery is "" or "/"
        && uri.Fragment.Length == 0;
}
