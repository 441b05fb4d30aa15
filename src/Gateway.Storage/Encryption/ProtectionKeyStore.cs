using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;
using Microsoft.Extensions.Logging;

namespace Gateway.Storage.Encryption;

/// <summary>Keys for session cookies, encrypted like clusters' secrets.</summary>
internal sealed partial class ProtectionKeyStore(StoreDatabase database, StoreKeys keys, ILogger<ProtectionKeyStore> logger) : IProtectionKeyStore
{
    public Task<IReadOnlyList<string>> GetAllAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>>(
            "protection-keys",
            async (session, token) =>
            {
                var rows = await session.Command($"SELECT {SealedRows.ProtectionKeyColumns} FROM protection_keys ORDER BY created_at, name")
                    .QueryAsync(SealedRows.ProtectionKey, token);
                foreach (var row in rows.Where(r => !keys.Ring.Knows(r.KeyId)))
                {
                    LogBlocked(logger, row.Name, row.KeyId);
                }

                return [.. rows.Where(r => keys.Ring.Knows(r.KeyId)).Select(r => Open(keys.Ring, r))];
            },
            cancellationToken);

    public Task StoreAsync(string name, string xml, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "store-protection-key",
            (session, token) => session.Command($"""
                INSERT INTO protection_keys (name, key_id, sealed_xml, created_at) VALUES (@name, @key, @xml, {session.Sql.Now})
                ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed_xml = excluded.sealed_xml
                """)
                .With("name", name)
                .With("key", keys.Ring.First)
                .With("xml", keys.Ring.Seal(xml, Context(name)))
                .ExecuteAsync(token),
            cancellationToken);

    internal static string Context(string name) => $"protection key {name}";

    internal static string Open(KeyRing ring, ProtectionKeyRow row) => ring.Open(row.SealedXml, row.KeyId, Context(row.Name));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Protection key {Name} is encrypted under key {KeyFingerprint}, which is not configured: sessions signed with it have ended.")]
    private static partial void LogBlocked(ILogger logger, string name, string keyFingerprint);
}
