using System.Text;

namespace Gateway.Proxy.Sni;

/// <summary>How a client names a scheduler: <c>daskgateway-</c> and the cluster's name.</summary>
internal static class SchedulerName
{
    private static ReadOnlySpan<byte> Prefix => "daskgateway-"u8;

    /// <summary>Server names ignore case (RFC 6066), so the prefix does too; the dot that ends an absolute name should have been left out, but some send it.</summary>
    public static bool TryGetCluster(ReadOnlySpan<byte> serverName, out ReadOnlySpan<byte> cluster)
    {
        serverName = serverName is [.. var relative, (byte)'.'] ? relative : serverName;
        bool ours = serverName.Length > Prefix.Length && Ascii.EqualsIgnoreCase(serverName[..Prefix.Length], Prefix);
        cluster = ours ? serverName[Prefix.Length..] : default;
        return ours;
    }
}
