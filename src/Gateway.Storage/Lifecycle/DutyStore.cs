using Gateway.Core.Store;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Lifecycle;

/// <summary>Duties: one row each, held by whoever renewed it last.</summary>
internal sealed class DutyStore(StoreDatabase database) : IDutyStore
{
    public Task<bool> TakeAsync(string duty, string replica, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "take-duty",
            async (session, token) => await session.Command($"""
                INSERT INTO duties (name, owner, until) VALUES (@duty, @replica, {session.Sql.Now} + @lease)
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
                WHERE duties.owner = excluded.owner OR duties.until <= {session.Sql.Now}
                """).With("duty", duty).With("replica", replica).With("lease", lease).ExecuteAsync(token) > 0,
            cancellationToken);

    public Task GiveUpAsync(string duty, string replica, CancellationToken cancellationToken) =>
        database.WriteAsync(
            "give-up-duty",
            (session, token) => session.Command("DELETE FROM duties WHERE name = @duty AND owner = @replica")
                .With("duty", duty).With("replica", replica).ExecuteAsync(token),
            cancellationToken);
}
