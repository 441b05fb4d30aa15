using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

internal sealed partial class ClusterStore
{
    private static readonly RowSet<Guid> Ids = new("ids", new Column<Guid>("id", ColumnType.Id, id => id));

    public async Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject, string displayName, CancellationToken cancellationToken)
    {
        var known = await database.ReadAsync("find-user", FindAsync, cancellationToken);
        return known is var (id, name) && name == displayName
            ? id
            : await database.WriteAsync<Guid>("ensure-user", known is null ? AddAsync : RenameAsync, cancellationToken);

        async Task<(Guid Id, string Name)?> FindAsync(StoreSession session, CancellationToken token)
        {
            var found = await session.Command("""
                SELECT u.id, u.display_name FROM identities AS i JOIN users AS u ON u.id = i.user_id
                WHERE i.scheme = @scheme AND i.issuer = @issuer AND i.subject = @subject
                """).With("scheme", scheme).With("issuer", issuer).With("subject", subject)
                .QueryAsync(r => (r.GetGuid(0), r.GetString(1)), token);
            return found.Count == 0 ? null : found[0];
        }

        async Task<Guid> RenameAsync(StoreSession session, CancellationToken token)
        {
            await session.Command("UPDATE users SET display_name = @name WHERE id = @id").With("name", displayName).With("id", known!.Value.Id).ExecuteAsync(token);
            return known.Value.Id;
        }

        // Of two replicas that see a person for the first time at once, one waits here for the other and takes its answer.
        async Task<Guid> AddAsync(StoreSession session, CancellationToken token)
        {
            var added = Guid.CreateVersion7();
            int rows = await session.Command("INSERT INTO identities (scheme, issuer, subject, user_id) VALUES (@scheme, @issuer, @subject, @id) ON CONFLICT DO NOTHING")
                .With("scheme", scheme).With("issuer", issuer).With("subject", subject).With("id", added).ExecuteAsync(token);
            if (rows == 0)
            {
                return (await FindAsync(session, token))!.Value.Id;
            }

            await session.Command($"INSERT INTO users (id, display_name, created_at) VALUES (@id, @name, {session.Sql.Now})")
                .With("id", added).With("name", displayName).ExecuteAsync(token);
            return added;
        }
    }

    public Task<IReadOnlyDictionary<Guid, string>> UserNamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<Guid, string>>(
            "user-names",
            async (session, token) => (await session.Command($"SELECT id, display_name FROM users WHERE id IN (SELECT id FROM {session.Sql.From(Ids)} AS i)")
                .With(Ids, ids).QueryAsync(r => KeyValuePair.Create(r.GetGuid(0), r.GetString(1)), token)).ToDictionary(),
            cancellationToken);
}
