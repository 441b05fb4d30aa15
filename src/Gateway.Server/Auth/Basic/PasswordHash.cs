using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Server.Auth.Basic;

/// <summary>A password as stored in the file of users: <c>$pbkdf2-sha256$i=600000$salt$hash</c>, salt and hash in base64.</summary>
internal sealed record PasswordHash(int Iterations, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Hash)
{
    public const int DefaultIterations = 600_000;
    private const int FewestIterations = 1_000;
    private const int MostIterations = 10_000_000;
    private const string Prefix = "$pbkdf2-sha256$i=";

    /// <summary>Hashes a password under a new salt.</summary>
    public static PasswordHash Create(string password, int iterations = DefaultIterations)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return new(iterations, salt, Derive(Encoding.UTF8.GetBytes(password), salt, iterations));
    }

    /// <summary>Reads the stored form; null when it is not of that form or has iterations outside 1000 to 10000000.</summary>
    public static PasswordHash? Parse(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || text[Prefix.Length..].Split('$') is not [var iterations, var salt, var hash]
            || !int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is < FewestIterations or > MostIterations)
        {
            return null;
        }

        return FromBase64(salt) is { Length: >= 8 and <= 64 } saltBytes && FromBase64(hash) is { Length: SHA256.HashSizeInBytes } hashBytes
            ? new(count, saltBytes, hashBytes)
            : null;
    }

    /// <summary>Compares with bytes as sent. Stored is the hash of the UTF-8 form; the standard client sends Latin-1, browsers send UTF-8.</summary>
    public bool Fits(ReadOnlySpan<byte> sent)
    {
        var fromLatin1 = Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(sent));
        return Matches(fromLatin1) || (!sent.SequenceEqual(fromLatin1) && Matches(sent));
    }

    public override string ToString() => $"{Prefix}{Iterations}${Convert.ToBase64String(Salt.Span)}${Convert.ToBase64String(Hash.Span)}";

    private bool Matches(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Derive(password, Salt.Span, Iterations), Hash.Span);

    private static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);

    private static byte[]? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : null;
    }
}
