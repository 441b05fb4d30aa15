namespace Gateway.Storage.Schema;

/// <summary>A cluster's secrets: apart from its row, so that neither the reconciler rewrites them nor a key rotation touches the revision.</summary>
internal sealed class CredentialRow
{
    public required string Cluster { get; set; }

    public required string Certificate { get; set; }

    public required byte[] TokenHash { get; set; }

    /// <summary>Fingerprint of the key that both sealed values are under.</summary>
    public required string KeyId { get; set; }

    public required byte[] SealedKey { get; set; }

    public required byte[] SealedToken { get; set; }
}
