namespace Gateway.Core.Store;

/// <summary>A cluster's secrets, decrypted. Never logged.</summary>
/// <param name="Certificate">PEM.</param>
/// <param name="Key">PEM, PKCS#8.</param>
/// <param name="Token">What its scheduler authenticates with; without a slash.</param>
public sealed record ClusterCredentials(string Certificate, string Key, string Token)
{
    /// <summary>Nothing of it.</summary>
    public override string ToString() => nameof(ClusterCredentials);
}
