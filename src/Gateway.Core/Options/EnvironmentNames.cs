using System.Buffers;

namespace Gateway.Core.Options;

/// <summary>Which environment variables users and configuration may set for jobs.</summary>
internal static class EnvironmentNames
{
    private const int LongestName = 255;

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    // These carry a cluster's identity and credentials. A user who could set them would only break the cluster or weaken its encryption.
    private static readonly string[] Reserved = ["DASK_GATEWAY_", "DASK_DISTRIBUTED__COMM__TLS__", "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"];

    /// <summary>What is wrong with a name; null when it may be set.</summary>
    public static string? Problem(string name)
    {
        if (name.Length is 0 or > LongestName || char.IsAsciiDigit(name[0]) || name.AsSpan().ContainsAnyExcept(Letters))
        {
            return $"is not a name for an environment variable: letters, digits and underscores, at most {LongestName}, no digit first";
        }

        return Array.Exists(Reserved, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? "is an environment variable that the gateway itself sets"
            : null;
    }
}
