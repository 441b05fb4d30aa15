using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Clusters;

internal sealed partial class ClusterStore
{
    public async Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject, string displayName, CancellationToken cancellationToken)
    {
        var known = await FindUserAsync();
        if (known is { } user && user.DisplayName == displayName)
        {
            return user.Id;
        }

        return await database.WriteAsync<Guid>("ensure-user", known is null ? AddAsync : RenameAsync, cancellationToken);

        Task<UserRow?> FindUserAsync() => database.ReadAsync("find-user", (session, token) => UserOf(session).FirstOrDefaultAsync(token), cancellationToken);

        IQueryable<UserRow> UserOf(StoreSession session) =>
            from i in session.Context.Identities
            join u in session.Context.Users on i.UserId equals u.Id
            where i.Scheme == scheme && i.Issuer == issuer && i.Subject == subject
            select u;

        async Task<Guid> RenameAsync(StoreSession session, CancellationToken token)
        {
            await session.Context.Users.Where(u => u.Id == known.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.DisplayName, displayName), token);
            return known.Id;
        }

        // Of two replicas that see a person for the first time at once, one waits here for the other and takes its answer.
        async Task<Guid> AddAsync(StoreSession session, CancellationToken token)
        {
            var user = new UserRow { Id = Guid.CreateVersion7(), DisplayName = displayName, CreatedAt = await session.NowAsync(token) };
            int added = await session.Context.Database.ExecuteSqlAsync($"""
                INSERT INTO identities (scheme, issuer, subject, user_id) VALUES ({scheme}, {issuer}, {subject}, {user.Id}) ON CONFLICT DO NOTHING
                """, token);
            if (added == 0)
            {
                return await UserOf(session).Select(u => u.Id).FirstAsync(token);
            }

            session.Context.Add(user);
            await session.Context.SaveChangesAsync(token);
            return user.Id;
        }
    }

    public Task<IReadOnlyDictionary<Guid, string>> UserNamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<Guid, string>>(
            "user-names",
            async (session, token) => await session.Context.Users.Where(u => ids.Contains(u.Id)).ToDictionaryAsync(u => u.Id, u => u.DisplayName, token),
            cancellationToken);
}
