using Microsoft.Extensions.Primitives;

namespace Gateway.Server.Auth;

/// <summary>The <c>Authorization</c> header, taken apart.</summary>
internal static class AuthorizationHeader
{
    // A Kerberos ticket may have tens of KiB; nothing real is longer.
    private const int Longest = 64 * 1024;

    /// <summary>Splits into scheme and credentials; false when the header is missing, repeated, overlong or has no credentials.</summary>
    public static bool TryRead(StringValues header, out ReadOnlySpan<char> scheme, out ReadOnlySpan<char> credentials)
    {
        scheme = credentials = default;
        if (header.Count != 1 || header[0] is not { Length: <= Longest } value)
        {
            return false;
        }

        var text = value.AsSpan().Trim(' ');
        var space = text.IndexOf(' ');
        scheme = space < 0 ? text : text[..space];
        credentials = space < 0 ? default : text[(space + 1)..].TrimStart(' ');
        return scheme.Length > 0;
    }
}
