namespace Gateway.Storage.Schema;

/// <summary>A key that protects session cookies.</summary>
internal sealed class ProtectionKeyRow
{
    public required string Name { get; set; }

    public required string KeyId { get; set; }

    public required byte[] SealedXml { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
