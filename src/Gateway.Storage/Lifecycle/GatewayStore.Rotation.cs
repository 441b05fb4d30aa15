using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Lifecycle;

internal sealed partial class GatewayStore
{
    // Two tables, one walk: the cursor says which, and where.
    private const string ClustersFrom = "clusters:";
    private const string ProtectionFrom = "protection:";

    public Task<KeyRotation> RotateKeysAsync(string? after, int max, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "rotate-keys",
            (session, token) => after?.StartsWith(ProtectionFrom, StringComparison.Ordinal) == true
                ? RotateProtectionAsync(session, after[ProtectionFrom.Length..], max, token)
                : RotateClustersAsync(session, after is null ? "" : after[ClustersFrom.Length..], max, token),
            cancellationToken);

    private async Task<KeyRotation> RotateClustersAsync(StoreSession session, string after, int max, CancellationToken cancellationToken)
    {
        var rows = await session.Command($"""
            SELECT {SealedRows.CredentialColumns} FROM credentials
            WHERE cluster > @after AND key_id <> @first ORDER BY cluster LIMIT @max
            """)
            .With("after", after)
            .With("first", keys.Ring.First)
            .With("max", max)
            .QueryAsync(SealedRows.Credential, cancellationToken);
        var blocked = new List<string>();
        int rewritten = 0;
        foreach (var row in rows)
        {
            if (!keys.Credentials.CanOpen(row))
            {
                blocked.Add($"cluster {row.Cluster} (key {row.KeyId})");
                continue;
            }

            var sealedAgain = keys.Credentials.Seal(row.Cluster, keys.Credentials.Open(row));
            rewritten += await session.Command("""
                UPDATE credentials SET key_id = @key_id, sealed_key = @sealed_key, sealed_token = @sealed_token
                WHERE cluster = @cluster AND key_id = @old
                """)
                .With("key_id", sealedAgain.KeyId)
                .With("sealed_key", sealedAgain.SealedKey)
                .With("sealed_token", sealedAgain.SealedToken)
                .With("cluster", row.Cluster)
                .With("old", row.KeyId)
                .ExecuteAsync(cancellationToken);
        }

        return new KeyRotation(rewritten, blocked, rows.Count == max ? ClustersFrom + rows[^1].Cluster : ProtectionFrom);
    }

    private async Task<KeyRotation> RotateProtectionAsync(StoreSession session, string after, int max, CancellationToken cancellationToken)
    {
        var rows = await session.Command($"SELECT {SealedRows.ProtectionKeyColumns} FROM protection_keys WHERE name > @after AND key_id <> @first ORDER BY name LIMIT @max")
            .With("after", after)
            .With("first", keys.Ring.First)
            .With("max", max)
            .QueryAsync(SealedRows.ProtectionKey, cancellationToken);
        var blocked = new List<string>();
        int rewritten = 0;
        foreach (var row in rows)
        {
            if (!keys.Ring.Knows(row.KeyId))
            {
                blocked.Add($"protection key {row.Name} (key {row.KeyId})");
                continue;
            }

            byte[] sealedAgain = keys.Ring.Seal(ProtectionKeyStore.Open(keys.Ring, row), ProtectionKeyStore.Context(row.Name));
            rewritten += await session.Command("UPDATE protection_keys SET key_id = @first, sealed_xml = @xml WHERE name = @name AND key_id = @old")
                .With("first", keys.Ring.First)
                .With("xml", sealedAgain)
                .With("name", row.Name)
                .With("old", row.KeyId)
                .ExecuteAsync(cancellationToken);
        }

        return new KeyRotation(rewritten, blocked, rows.Count == max ? ProtectionFrom + rows[^1].Name : null);
    }
}
