using System.Security.Cryptography;
using Gateway.Core.Store;
using Gateway.Storage.Configuration;
using Gateway.Storage.Encryption;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Lifecycle;

/// <summary>The database as a whole: schema, identity, replicas.</summary>
internal sealed partial class GatewayStore(StoreDatabase database, StoreKeys keys, StorageOptions options) : IGatewayStore
{
    private const string MigrateFirst = "Run `gateway migrate` (or set Storage:MigrateOnStart) with this version first.";
    private static readonly TimeSpan ReplicaExpiry = TimeSpan.FromMinutes(1);

    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.MigrateAsync(cancellationToken);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            var translated = database.Translate(e);
            if (translated == e)
            {
                throw;
            }

            throw translated;
        }
    }

    public async Task<GatewayIdentity> OpenAsync(CancellationToken cancellationToken)
    {
        if (options.MigrateOnStart)
        {
            await MigrateAsync(cancellationToken);
        }

        await CheckSchemaAsync(cancellationToken);
        await database.BeginAsync(cancellationToken);

        // Made or read now, so that a bad key file stops the start and not the first cluster.
        _ = keys.Ring;
        var facts = await database.ReadAsync("facts", FactsAsync, cancellationToken);
        if (!facts.ContainsKey(FactRow.Identity))
        {
            await database.WriteAsync(
                "identity",
                (session, token) => session.Command("INSERT INTO facts (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING")
                    .With("name", FactRow.Identity)
                    .With("value", RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz234567", 26))
                    .ExecuteAsync(token),
                cancellationToken);
            facts = await database.ReadAsync("facts", FactsAsync, cancellationToken);
        }

        return new GatewayIdentity(facts[FactRow.Identity]);
    }

    public Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken) =>
        database.ReadAsync("ping", (session, token) => session.NowAsync(token), cancellationToken);

    public Task<IReadOnlyList<ReplicaInfo>> ReplicasAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ReplicaInfo>>(
            "replicas",
            async (session, token) => await session.Command($"""
                SELECT r.name, r.version, r.started_at, r.pulse_at,
                       (SELECT count(*) FROM cluster_inbox AS i WHERE i.due_at IS NOT NULL AND i.lease_owner = r.name AND i.lease_until > {session.Sql.Now})
                FROM replicas AS r WHERE r.pulse_at >= {session.Sql.Now} - @expiry ORDER BY r.started_at, r.name
                """).With("expiry", ReplicaExpiry).QueryAsync(
                r => new ReplicaInfo(r.GetString(0), r.GetString(1), r.Time(2), r.Time(3), (int)r.GetInt64(4)), token),
            cancellationToken);

    private async Task CheckSchemaAsync(CancellationToken cancellationToken)
    {
        int level;
        int compatible;
        try
        {
            (level, compatible) = await database.ReadAsync(
                "schema",
                async (session, token) =>
                {
                    if (!await session.TableExistsAsync("facts", token))
                    {
                        throw new SchemaMismatchException($"The database holds no schema of the gateway. {MigrateFirst}");
                    }

                    var facts = await FactsAsync(session, token);
                    return (Level(facts, FactRow.Level), Level(facts, FactRow.CompatibleLevel));
                },
                cancellationToken);
        }
        catch (FormatException e)
        {
            throw new SchemaMismatchException(e.Message);
        }

        if (level < SchemaLevels.Current)
        {
            throw new SchemaMismatchException($"The database's schema is at level {level}; this version needs {SchemaLevels.Current}. {MigrateFirst}");
        }

        if (compatible > SchemaLevels.Current)
        {
            throw new SchemaMismatchException(
                $"The database's schema is at level {level} and can be served by versions made for level {compatible} or newer; this one was made for {SchemaLevels.Current}. Start a newer version.");
        }
    }

    private static async Task<Dictionary<string, string>> FactsAsync(StoreSession session, CancellationToken cancellationToken) =>
        (await session.Command("SELECT name, value FROM facts").QueryAsync(r => (Name: r.GetString(0), Value: r.GetString(1)), cancellationToken))
        .ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);

    private static int Level(Dictionary<string, string> facts, string name) =>
        facts.TryGetValue(name, out string? text) && int.TryParse(text, out int level)
            ? level
            : throw new FormatException($"The database's fact '{name}' is '{text}'; needed is a whole number. {MigrateFirst}");
}
