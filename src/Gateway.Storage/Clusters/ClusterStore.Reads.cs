using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Jobs;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

internal sealed partial class ClusterStore
{
    // What requests ask for all the time; null is a row that this version cannot read.
    private readonly SharedReads<string, ClusterView?[]> _byName = database.Share<string, ClusterView?[]>("find", FindManyAsync);
    private readonly SharedReads<Guid, List<ClusterView>> _byOwner = database.Share<Guid, List<ClusterView>>("list-live", ListLiveAsync);
    private readonly SharedReads<string, byte[]> _tokens = database.Share<string, byte[]>("token", TokensAsync);
    private readonly SharedReads<string, CredentialRow> _credentials = database.Share<string, CredentialRow>(
        "credentials", async (session, names, token) => (await CredentialRowsAsync(session, names, token)).ToDictionary(r => r.Cluster, StringComparer.Ordinal));
    private readonly CredentialCache _opened = new(time);

    public async Task<ClusterView?> FindAsync(string name, CancellationToken cancellationToken) =>
        await _byName.ReadAsync(name, cancellationToken) is not [var view]
            ? null
            : view ?? throw new StoreUnavailableException($"Cluster {name} is in a state that only a newer version of the gateway knows.");

    public async Task<IReadOnlyList<ClusterView>> ListAsync(ClusterFilter filter, CancellationToken cancellationToken)
    {
        if (filter.OwnerId is not { } owner || filter.Phases.Any(p => p.IsEnded()))
        {
            return await ListAnyAsync(filter, cancellationToken);
        }

        // Live clusters of one owner are few: which of them are asked for is seen to here, so that all such questions are one.
        return await _byOwner.ReadAsync(owner, cancellationToken) is { } owned
            ? [.. owned.Where(view => filter.Phases.Contains(view.Phase)).Take(filter.Max)]
            : [];
    }

    public async Task<IReadOnlyDictionary<string, ClusterCredentials>> CredentialsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, ClusterCredentials>(StringComparer.Ordinal);
        var asked = new List<string>();
        foreach (string name in names)
        {
            if (_opened.Find(name) is { } opened)
            {
                found[name] = opened;
            }
            else
            {
                asked.Add(name);
            }
        }

        var rows = await SealedAsync(asked, cancellationToken);
        var blocked = rows.Where(r => !keys.Credentials.CanOpen(r)).ToList();
        if (blocked.Count > 0)
        {
            throw new MissingKeyException(
                $"Credentials of {string.Join(", ", blocked.Select(r => $"cluster {r.Cluster} (key {r.KeyId})"))} are encrypted under a key that is not configured.",
                [.. blocked.Select(r => r.Cluster)]);
        }

        foreach (var row in rows)
        {
            var opened = found[row.Cluster] = keys.Credentials.Open(row);
            _opened.Keep(row.Cluster, opened);
        }

        return found;
    }

    private async Task<IReadOnlyList<CredentialRow>> SealedAsync(List<string> names, CancellationToken cancellationToken) => names.Count switch
    {
        0 => [],
        1 => await _credentials.ReadAsync(names[0], cancellationToken) is { } row ? [row] : [],
        _ => await database.ReadAsync("credentials", (session, token) => CredentialRowsAsync(session, names, token), cancellationToken),
    };

    public async Task<TokenRecord?> TokenAsync(string name, CancellationToken cancellationToken) =>
        await _tokens.ReadAsync(name, cancellationToken) is { } hash ? new TokenRecord(name, hash) : null;

    private static async Task<IReadOnlyDictionary<string, byte[]>> TokensAsync(StoreSession session, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        (await session.Command($"SELECT cluster, token_hash FROM credentials WHERE cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)").WithNames(names)
            .QueryAsync(r => KeyValuePair.Create(r.GetString(0), r.GetFieldValue<byte[]>(1)), cancellationToken))
        .ToDictionary(StringComparer.Ordinal);

    private static Task<List<CredentialRow>> CredentialRowsAsync(StoreSession session, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        session.Command($"""
            SELECT {SealedRows.CredentialColumns} FROM credentials WHERE cluster IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)
            """).WithNames(names).QueryAsync(SealedRows.Credential, cancellationToken);

    public Task<IReadOnlyList<ClusterEvent>> EventsAsync(string name, long after, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ClusterEvent>>(
            "events",
            async (session, token) => await session.Command("""
                SELECT e.id, e.worker, e.at, e.kind, e.message, e.count FROM events AS e WHERE e.cluster = @name AND e.id > @after ORDER BY e.id LIMIT @max
                """).With("name", name).With("after", after).With("max", max).QueryAsync(
                r => new ClusterEvent
                {
                    Id = r.GetInt64(0),
                    Cluster = name,
                    Worker = r.Text(1),
                    At = r.Time(2),
                    Kind = r.GetString(3),
                    Message = r.GetString(4),
                    Count = r.IsDBNull(5) ? null : r.GetInt32(5),
                },
                token),
            cancellationToken);

    public Task<IReadOnlyList<WorkerView>> WorkersAsync(string name, int max, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerView>>(
            "workers",
            async (session, token) =>
            {
                var rows = await session.Command($"""
                    SELECT {WorkerRows.Columns}, {JobRows.Columns}
                    FROM (SELECT * FROM workers WHERE cluster = @name ORDER BY submitted_at DESC, name LIMIT @max) AS w LEFT JOIN jobs AS j ON j.name = w.name
                    ORDER BY w.submitted_at DESC, w.name
                    """).With("name", name).With("max", max).QueryAsync(r => (Worker: WorkerRows.Row(r), Job: JobRows.Row(r, WorkerRows.Count)), token);
                var views = new List<WorkerView>(rows.Count);
                foreach (var (workerRow, jobRow) in rows)
                {
                    Job? job = null;
                    if (RowReader.TryRead(workerRow, out var worker) && (jobRow is null || RowReader.TryRead(jobRow, out job)))
                    {
                        views.Add(new WorkerView(worker, job));
                    }
                }

                return views;
            },
            cancellationToken);

    public Task<Job?> JobAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "job",
            async (session, token) => (await session.Command($"SELECT {JobRows.Columns} FROM jobs AS j WHERE j.name = @name").With("name", name)
                .QueryAsync(JobRows.Read, token)).FirstOrDefault(),
            cancellationToken);

    private static async Task<IReadOnlyDictionary<string, ClusterView?[]>> FindManyAsync(StoreSession session, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        (await ClusterRows.Where(session, $"c.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)").WithNames(names)
            .QueryAsync(r => KeyValuePair.Create<string, ClusterView?[]>(r.GetString(0), [ClusterRows.Read(r)]), cancellationToken))
        .ToDictionary(StringComparer.Ordinal);

    private static async Task<IReadOnlyDictionary<Guid, List<ClusterView>>> ListLiveAsync(StoreSession session, IReadOnlyCollection<Guid> owners, CancellationToken cancellationToken)
    {
        var found = await ClusterRows.Where(session, $"""
            c.ended_at IS NULL AND c.owner_id IN (SELECT id FROM {session.Sql.From(Ids)} AS n)
            ORDER BY c.created_at DESC, c.name
            """).With(Ids, owners).QueryAsync(ClusterRows.Read, cancellationToken);
        var byOwner = new Dictionary<Guid, List<ClusterView>>();
        foreach (var view in found.OfType<ClusterView>())
        {
            if (!byOwner.TryGetValue(view.Cluster.OwnerId!.Value, out var owned))
            {
                byOwner[view.Cluster.OwnerId.Value] = owned = [];
            }

            owned.Add(view);
        }

        return byOwner;
    }

    private Task<IReadOnlyList<ClusterView>> ListAnyAsync(ClusterFilter filter, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ClusterView>>(
            "list",
            async (session, token) =>
            {
                // The names of phases are constants of ours.
                string phases = filter.Phases.Count == 0 ? "FALSE" : $"c.phase IN ({string.Join(", ", filter.Phases.Order().Select(p => $"'{p}'"))})";
                string closing = filter.Phases.Contains(ClusterPhase.Closing) ? "TRUE" : "FALSE";
                string owned = filter.OwnerId is null ? "" : "c.owner_id = @owner AND ";

                // Without ended phases an index of live rows answers, however long the history is.
                string live = filter.Phases.Any(p => p.IsEnded()) ? "" : "c.ended_at IS NULL AND ";

                // A cluster that was asked to stop shows as closing from that moment on, whatever its row says.
                var command = ClusterRows.Where(session, $"""
                    {owned}{live}CASE WHEN i.desired = '{nameof(DesiredState.Stopped)}' AND c.ended_at IS NULL THEN {closing} ELSE {phases} END
                    ORDER BY c.created_at DESC, c.name LIMIT @max
                    """).With("max", filter.Max);
                if (filter.OwnerId is { } owner)
                {
                    command.With("owner", owner);
                }

                return [.. (await command.QueryAsync(ClusterRows.Read, token)).OfType<ClusterView>()];
            },
            cancellationToken);

    public Task<IReadOnlyList<Cluster>> RoutesAsync(IReadOnlyCollection<string>? names, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Cluster>>(
            "routes",
            async (session, token) =>
            {
                const string Routed = $"c.ended_at IS NULL AND c.phase = '{nameof(ClusterPhase.Running)}' AND c.scheduler_address IS NOT NULL";
                var command = names is null
                    ? ClusterRows.Where(session, Routed)
                    : ClusterRows.Where(session, $"{Routed} AND c.name IN (SELECT name FROM {session.Sql.From(RowSets.Names)} AS n)").WithNames(names);
                return [.. (await command.QueryAsync(ClusterRows.Read, token)).OfType<ClusterView>().Select(view => view.Cluster)];
            },
            cancellationToken);
}
