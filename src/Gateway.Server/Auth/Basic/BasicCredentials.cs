using System.Text;

namespace Gateway.Server.Auth.Basic;

/// <summary>User name and password as sent. The password stays bytes, for its encoding is not known.</summary>
internal readonly record struct BasicCredentials(string User, ReadOnlyMemory<byte> Password)
{
    public const int LongestUser = 128;
    private const int Longest = 4096;

    /// <summary>Reads the base64 of <c>user:password</c> in Latin-1, split at the first colon (RFC 7617); null and why when it is not that.</summary>
    public static BasicCredentials? Read(string encoded, out string mistake)
    {
        mistake = "The Basic credentials are not the base64 form of user:password";
        var bytes = new byte[Math.Min(encoded.Length, Longest)];
        if (encoded.Length > Longest || !Convert.TryFromBase64String(encoded, bytes, out var length))
        {
            return null;
        }

        var colon = bytes.AsSpan(0, length).IndexOf((byte)':');
        if (colon < 0)
        {
            return null;
        }

        var user = Encoding.Latin1.GetString(bytes, 0, colon);
        if (user.Length is 0 or > LongestUser || user.Any(char.IsControl))
        {
            mistake = $"A user name has 1 to {LongestUser} characters and no control characters";
            return null;
        }

        return new(user, bytes.AsMemory(colon + 1, length - colon - 1));
    }

    // The compiler's form would print the password's length.
    public override string ToString() => User;
}
