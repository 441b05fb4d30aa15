using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>Reads from a credential itself until when it is good: a JWT (SciToken) by its claim, a proxy by its certificates.</summary>
internal static class CredentialExpiry
{
    private static ReadOnlySpan<byte> Pem => "-----BEGIN CERTIFICATE-----"u8;

    /// <returns>Its end; null: it is of another kind, or does not say.</returns>
    public static DateTimeOffset? Of(ReadOnlySpan<byte> credential) => credential.IndexOf(Pem) >= 0 ? OfCertificates(credential) : OfToken(credential);

    private static DateTimeOffset? OfCertificates(ReadOnlySpan<byte> credential)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(Encoding.Latin1.GetString(credential));
            try
            {
                // The proxy is good for as long as every certificate above it.
                return certificates.Count == 0 ? null : certificates.Min(certificate => new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
            }
            finally
            {
                foreach (var certificate in certificates)
                {
                    certificate.Dispose();
                }
            }
        }
        catch (CryptographicException)
        {
            // Whatever it is: the job is given it as it is.
            return null;
        }
    }

    private static DateTimeOffset? OfToken(ReadOnlySpan<byte> credential)
    {
        var parts = Encoding.Latin1.GetString(credential).Trim().Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[1]))
        {
            return null;
        }

        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return claims.RootElement.ValueKind == JsonValueKind.Object && claims.RootElement.TryGetProperty("exp", out var end) && end.ValueKind == JsonValueKind.Number
                && end.TryGetDouble(out var seconds) && seconds is > 0 and < 253402300799
                ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
                : null;
        }
        catch (JsonException)
        {
            // No token, then.
            return null;
        }
    }
}
