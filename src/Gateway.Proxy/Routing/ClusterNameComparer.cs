using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Proxy.Routing;

/// <summary>Compares cluster names (ASCII) with each other and with the bytes of a ClientHello, so that a look-up makes no string.</summary>
internal sealed class ClusterNameComparer(bool ignoreCase) : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    public bool Equals(string? x, string? y) => string.Equals(x, y, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    public bool Equals(ReadOnlySpan<byte> alternate, string other) => ignoreCase ? Ascii.EqualsIgnoreCase(alternate, other) : Ascii.Equals(alternate, other);

    // FNV-1a over the folded bytes; the keys are the gateway's own, so nobody outside can choose colliding ones.
    public int GetHashCode([DisallowNull] string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
        {
            hash = (hash ^ (c | 0x20u)) * 16777619;
        }

        return (int)hash;
    }

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        uint hash = 2166136261;
        foreach (byte b in alternate)
        {
            hash = (hash ^ (b | 0x20u)) * 16777619;
        }

        return (int)hash;
    }

    public string Create(ReadOnlySpan<byte> alternate) => Encoding.ASCII.GetString(alternate);
}
