using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.Core.Dask;

/// <summary>Random names and tokens of new clusters.</summary>
public static class ClusterSecrets
{
    /// <summary>Characters of a cluster's name.</summary>
    public const int NameLength = 16;

    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";
    private const int TokenBytes = 32;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Base32);

    /// <summary>16 characters of a–z and 2–7: 80 random bits.</summary>
    public static string NewName() => RandomNumberGenerator.GetString(Base32, NameLength);

    /// <summary>43 characters of base64url, so without a slash: 256 random bits.</summary>
    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>Whether a text could be a cluster's name.</summary>
    public static bool IsName(string? text) => text is { Length: NameLength } && !text.AsSpan().ContainsAnyExcept(NameCharacters);
}
