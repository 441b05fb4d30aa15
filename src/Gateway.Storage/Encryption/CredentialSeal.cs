using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Store;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Encryption;

/// <summary>Clusters' secrets into rows and back.</summary>
internal sealed class CredentialSeal(KeyRing keys)
{
    public CredentialRow Seal(string cluster, ClusterCredentials credentials) => new()
    {
        Cluster = cluster,
        Certificate = credentials.Certificate,
        TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(credentials.Token)),
        KeyId = keys.First,
        SealedKey = keys.Seal(credentials.Key, KeyContext(cluster)),
        SealedToken = keys.Seal(credentials.Token, TokenContext(cluster)),
    };

    public bool CanOpen(CredentialRow row) => keys.Knows(row.KeyId);

    public ClusterCredentials Open(CredentialRow row) => new(
        row.Certificate,
        keys.Open(row.SealedKey, row.KeyId, KeyContext(row.Cluster)),
        keys.Open(row.SealedToken, row.KeyId, TokenContext(row.Cluster)));

    private static string KeyContext(string cluster) => $"cluster {cluster} key";

    private static string TokenContext(string cluster) => $"cluster {cluster} token";
}
