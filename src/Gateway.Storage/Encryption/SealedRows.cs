using System.Data.Common;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Encryption;

/// <summary>Rows that hold encrypted values: their columns, and how these are read.</summary>
internal static class SealedRows
{
    public const string CredentialColumns = "cluster, certificate, token_hash, key_id, sealed_key, sealed_token";

    public const string ProtectionKeyColumns = "name, key_id, sealed_xml";

    public static CredentialRow Credential(DbDataReader r) => new()
    {
        Cluster = r.GetString(0),
        Certificate = r.GetString(1),
        TokenHash = r.GetFieldValue<byte[]>(2),
        KeyId = r.GetString(3),
        SealedKey = r.GetFieldValue<byte[]>(4),
        SealedToken = r.GetFieldValue<byte[]>(5),
    };

    public static ProtectionKeyRow ProtectionKey(DbDataReader r) => new()
    {
        Name = r.GetString(0),
        KeyId = r.GetString(1),
        SealedXml = r.GetFieldValue<byte[]>(2),
    };
}
