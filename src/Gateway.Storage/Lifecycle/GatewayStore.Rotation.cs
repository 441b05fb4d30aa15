using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Lifecycle;

internal sealed partial class GatewayStore
{
    // Two tables, one walk: the cursor says which, and where.
    private const string ClustersFrom = "clusters:";
    private const string ProtectionFrom = "protection:";

    public Task<KeyRotation> RotateKeysAsync(string? after, int max, CancellationToken cancellationToken) =>
        database.WriteByModelAsync(
            "rotate-keys",
            (session, token) => after?.StartsWith(ProtectionFrom, StringComparison.Ordinal) == true
                ? RotateProtectionAsync(session, after[ProtectionFrom.Length..], max, token)
                : RotateClustersAsync(session, after is null ? "" : after[ClustersFrom.Length..], max, token),
            cancellationToken);

    private async Task<KeyRotation> RotateClustersAsync(StoreSession session, string after, int max, CancellationToken cancellationToken)
    {
        string first = keys.Ring.First;
        var rows = await session.Context.Credentials
            .Where(c => string.Compare(c.Cluster, after) > 0 && c.KeyId != first)
            .OrderBy(c => c.Cluster)
            .Take(max)
            .ToListAsync(cancellationToken);
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
            rewritten += await session.Context.Credentials.Where(c => c.Cluster == row.Cluster && c.KeyId == row.KeyId).ExecuteUpdateAsync(
                set => set
                    .SetProperty(c => c.KeyId, sealedAgain.KeyId)
                    .SetProperty(c => c.SealedKey, sealedAgain.SealedKey)
                    .SetProperty(c => c.SealedToken, sealedAgain.SealedToken),
                cancellationToken);
        }

        return new KeyRotation(rewritten, blocked, rows.Count == max ? ClustersFrom + rows[^1].Cluster : ProtectionFrom);
    }

    private async Task<KeyRotation> RotateProtectionAsync(StoreSession session, string after, int max, CancellationToken cancellationToken)
    {
        string first = keys.Ring.First;
        var rows = await session.Context.ProtectionKeys
            .Where(k => string.Compare(k.Name, after) > 0 && k.KeyId != first)
            .OrderBy(k => k.Name)
            .Take(max)
            .ToListAsync(cancellationToken);
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
            rewritten += await session.Context.ProtectionKeys.Where(k => k.Name == row.Name && k.KeyId == row.KeyId).ExecuteUpdateAsync(
                set => set.SetProperty(k => k.KeyId, first).SetProperty(k => k.SealedXml, sealedAgain), cancellationToken);
        }

        return new KeyRotation(rewritten, blocked, rows.Count == max ? ProtectionFrom + rows[^1].Name : null);
    }
}
