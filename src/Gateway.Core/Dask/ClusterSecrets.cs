using System.Buffers.Text;
using System.Security.Cryptography;
using Gateway.Core.Store;

namespace Gateway.Core.Dask;

/// <summary>Makes the secrets of new clusters.</summary>
public static class ClusterSecrets
{
    private const int TokenBytes = 32;

    /// <summary>A new key, its certificate, and a token of 43 characters of base64url (256 random bits), so without a slash.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="now">The present time.</param>
    /// <param name="lifetime">How long the certificate is valid from now.</param>
    public static ClusterCredentials Create(string cluster, DateTimeOffset now, TimeSpan lifetime)
    {
        var (certificate, key) = ClusterCertificate.Create(cluster, now, lifetime);
        return new(certificate, key, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes)));
    }
}
