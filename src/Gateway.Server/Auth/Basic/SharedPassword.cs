using System.Security.Cryptography;
using System.Text;

namespace Gateway.Server.Auth.Basic;

/// <summary>The one password for everybody, kept as hashes so that comparing takes the same time whatever is compared.</summary>
internal sealed class SharedPassword
{
    private readonly byte[] _latin1;
    private readonly byte[] _utf8;

    private SharedPassword(string password)
    {
        _latin1 = SHA256.HashData(Encoding.Latin1.GetBytes(password));
        _utf8 = SHA256.HashData(Encoding.UTF8.GetBytes(password));
        Stamp = UserTable.StampOf(password);
    }

    /// <summary>Changes with the password.</summary>
    public string Stamp { get; }

    /// <summary>The configured password, or null when there is none.</summary>
    public static SharedPassword? From(BasicOptions options)
    {
        var password = string.IsNullOrEmpty(options.PasswordFile) ? options.Password : File.ReadAllText(options.PasswordFile).TrimEnd('\r', '\n');
        return string.IsNullOrEmpty(password) ? null : new SharedPassword(password);
    }

    /// <summary>Compares with bytes as sent: the standard client sends Latin-1, browsers send UTF-8.</summary>
    public bool Fits(ReadOnlySpan<byte> sent)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(sent, hash);
        return CryptographicOperations.FixedTimeEquals(hash, _latin1) | CryptographicOperations.FixedTimeEquals(hash, _utf8);
    }
}
