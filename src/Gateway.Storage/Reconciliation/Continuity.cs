using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Reconciliation;

/// <summary>Since when something has gone on without a gap. While the silence lasts, nothing counts as heard or seen either.</summary>
internal sealed class Continuity
{
    /// <summary>Taking heartbeats, by any replica; backends have names of their own.</summary>
    public const string Hearing = "";

    private readonly Dictionary<string, Dictionary<string, DateTimeOffset>> _since = new(StringComparer.Ordinal);

    /// <summary>The store's clock when this was read.</summary>
    public required DateTimeOffset Now { get; init; }

    public DateTimeOffset HearingSince => Since(Hearing, []) ?? Now;

    public IEnumerable<string> Backends => _since.Keys.Where(k => k.Length > 0);

    public static Task<int> ContinueAsync(StoreSession session, string backend, string node, TimeSpan gap, CancellationToken cancellationToken) =>
        session.Command($"""
            INSERT INTO continuity (backend, node, since, at, gap) VALUES (@backend, @node, {session.Sql.Now}, {session.Sql.Now}, @gap)
            ON CONFLICT (backend, node) DO UPDATE SET
                since = CASE WHEN abs(excluded.at - continuity.at) > excluded.gap THEN excluded.at ELSE continuity.since END,
                at = excluded.at, gap = excluded.gap
            """).With("backend", backend).With("node", node).With("gap", gap).ExecuteAsync(cancellationToken);

    public static async Task<Continuity> ReadAsync(StoreSession session, CancellationToken cancellationToken)
    {
        // The outer join keeps the clock where there is no row yet.
        var rows = await session.Command($"""
            SELECT t.clock, c.backend, c.node, c.since, c.at, c.gap FROM (SELECT {session.Sql.Now} AS clock) AS t LEFT JOIN continuity AS c ON TRUE
            """).QueryAsync(
            r => (Clock: r.GetInt64(0), Row: r.IsDBNull(1) ? null : new { Backend = r.GetString(1), Node = r.GetString(2), Since = r.GetInt64(3), At = r.GetInt64(4), Gap = r.GetInt64(5) }),
            cancellationToken);
        var result = new Continuity { Now = Micros.ToTime(rows[0].Clock) };
        foreach (var (clock, row) in rows)
        {
            if (row is not null)
            {
                bool silent = clock - row.At > row.Gap;
                result.Add(row.Backend, row.Node, silent ? result.Now : Micros.ToTime(row.Since));
            }
        }

        return result;
    }

    /// <summary>The latest beginning among these nodes, all if none is given; null where one was never listed.</summary>
    public DateTimeOffset? Since(string backend, IReadOnlyCollection<string> nodes)
    {
        if (!_since.TryGetValue(backend, out var byNode))
        {
            return null;
        }

        if (nodes.Count == 0)
        {
            return byNode.Values.Max();
        }

        return nodes.All(byNode.ContainsKey) ? nodes.Max(n => byNode[n]) : null;
    }

    private void Add(string backend, string node, DateTimeOffset since)
    {
        if (!_since.TryGetValue(backend, out var byNode))
        {
            _since[backend] = byNode = new(StringComparer.Ordinal);
        }

        byNode[node] = since;
    }
}
