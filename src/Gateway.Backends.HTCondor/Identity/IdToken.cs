using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Backends.HTCondor.Identity;

/// <summary>Makes HTCondor's IDTOKENs: JWTs signed with HS256 under a key derived from a file that the schedd has too.</summary>
internal static class IdToken
{
    private static readonly byte[] Scramble = [0xDE, 0xAD, 0xBE, 0xEF];

    /// <summary>A token.</summary>
    /// <param name="keyFile">The key file's bytes, scrambled as HTCondor stores them.</param>
    /// <param name="keyId">The key's name.</param>
    /// <param name="issuer">The trust domain.</param>
    /// <param name="subject"><c>user@domain</c>.</param>
    /// <param name="scopes">What it allows; none: everything the subject may.</param>
    /// <param name="issued">From when on it is good.</param>
    /// <param name="expires">Until when.</param>
    /// <param name="id">Unique for each token, named in the daemons' logs.</param>
    public static string Make(ReadOnlySpan<byte> keyFile, string keyId, string issuer, string subject, IReadOnlyList<string> scopes, DateTimeOffset issued, DateTimeOffset expires, string id)
    {
        var secret = keyFile.ToArray();
        for (var i = 0; i < secret.Length; i++)
        {
            secret[i] ^= Scramble[i % Scramble.Length];
        }

        // The key called POOL is an exception of HTCondor's: its secret is used twice over.
        var material = keyId == "POOL" ? [.. secret, .. secret] : secret;
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, material, 32, Encoding.ASCII.GetBytes("htcondor"), Encoding.ASCII.GetBytes("master jwt"));
        try
        {
            var head = $"{Encode(Json(writer =>
            {
                writer.WriteString("alg", "HS256");
                writer.WriteString("kid", keyId);
            }))}.{Encode(Json(writer =>
            {
                writer.WriteNumber("exp", expires.ToUnixTimeSeconds());
                writer.WriteNumber("iat", issued.ToUnixTimeSeconds());
                writer.WriteString("iss", issuer);
                writer.WriteString("jti", id);
                if (scopes.Count > 0)
                {
                    writer.WriteString("scope", string.Join(' ', scopes));
                }

                writer.WriteString("sub", subject);
            }))}";
            return $"{head}.{Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(head)))}";
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(material);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
