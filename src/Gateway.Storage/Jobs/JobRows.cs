using System.Data.Common;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Jobs;

/// <summary>Jobs as statements take them.</summary>
internal static class JobRows
{
    /// <summary>States that a job can leave, as SQL: an ended job stays ended, and a state that this version does not know is left alone.</summary>
    public const string LiveStates = $"'{nameof(JobState.Pending)}', '{nameof(JobState.Running)}', '{nameof(JobState.Held)}'";

    /// <summary>Columns of <c>jobs AS j</c>, as <see cref="Row"/> reads them.</summary>
    public const string Columns = """
        j.name, j.cluster, j.kind, j.backend, j.node, j.handle, j.state, j.reason, j.host, j.exit_code, j.close_expected, j.started_at, j.state_since,
        j.checked_address, j.address_verdict
        """;

    /// <summary>Which of <c>jobs AS j</c> are a node's: all where the backend is bound to none.</summary>
    public const string OfNode = "(@node IS NULL OR COALESCE(j.node, @node) = @node)";

    /// <summary>What a monitor has seen.</summary>
    public static RowSet<Job> Seen { get; } = new(
        "jobs",
        new("name", ColumnType.Text, j => j.Name),
        new("state", ColumnType.Text, j => j.State.ToString()),
        new("reason", ColumnType.Text, j => j.Reason),
        new("host", ColumnType.Text, j => j.Host),
        new("exit_code", ColumnType.Whole, j => j.ExitCode),
        new("handle", ColumnType.Text, j => j.Handle));

    /// <summary>A job after something was done with it.</summary>
    public static RowSet<Job> Whole { get; } = new(
        "jobs",
        new("name", ColumnType.Text, j => j.Name),
        new("cluster", ColumnType.Text, j => j.Cluster),
        new("kind", ColumnType.Text, j => j.Kind.ToString()),
        new("backend", ColumnType.Text, j => j.Backend),
        new("node", ColumnType.Text, j => j.Node),
        new("handle", ColumnType.Text, j => j.Handle),
        new("state", ColumnType.Text, j => j.State.ToString()),
        new("reason", ColumnType.Text, j => j.Reason),
        new("host", ColumnType.Text, j => j.Host),
        new("exit_code", ColumnType.Whole, j => j.ExitCode));

    /// <summary>A verdict on a scheduler's address.</summary>
    private static RowSet<Job> Checked { get; } = new(
        "jobs",
        new("name", ColumnType.Text, j => j.Name),
        new("address", ColumnType.Text, j => j.CheckedAddress),
        new("verdict", ColumnType.Text, j => j.AddressVerdict?.ToString()));

    /// <summary>Stores verdicts, and nothing else of the rows: a monitor may have seen more since they were read.</summary>
    public static Task<int> StoreVerdictsAsync(StoreSession session, IReadOnlyCollection<Job> jobs, CancellationToken cancellationToken) => session.Command($"""
        UPDATE jobs AS j SET checked_address = r.address, address_verdict = r.verdict
        FROM (
            SELECT k.name, c.address, c.verdict FROM {session.Sql.From(Checked)} AS c JOIN jobs AS k ON k.name = c.name
            WHERE k.state IN ({LiveStates}) ORDER BY k.name {session.Sql.Lock("k")}
        ) AS r
        WHERE j.name = r.name
        """).With(Checked, jobs).ExecuteAsync(cancellationToken);

    /// <summary>Jobs that have not ended, of a <c>backend</c> and a <c>node</c>: read by hand, for there may be a hundred thousand of them.</summary>
    public static StoreCommand Live(StoreSession session, string condition, string order) => session.Command($"""
        SELECT {Columns}
        FROM jobs AS j
        WHERE j.backend = @backend AND j.ended_at IS NULL AND {OfNode} AND {condition}
        {order}
        """);

    /// <summary>The job whose columns begin at <paramref name="first"/>; null where an outer join found none.</summary>
    public static JobRow? Row(DbDataReader row, int first = 0) => row.IsDBNull(first) ? null : new()
    {
        Name = row.GetString(first),
        Cluster = row.GetString(first + 1),
        Kind = row.GetString(first + 2),
        Backend = row.GetString(first + 3),
        Node = row.Text(first + 4),
        Handle = row.Text(first + 5),
        State = row.GetString(first + 6),
        Reason = row.Text(first + 7),
        Host = row.Text(first + 8),
        ExitCode = row.IsDBNull(first + 9) ? null : row.GetInt32(first + 9),
        CloseExpected = row.GetBoolean(first + 10),
        StartedAt = row.Time(first + 11),
        StateSince = row.Time(first + 12),
        CheckedAddress = row.Text(first + 13),
        AddressVerdict = row.Text(first + 14),
    };

    /// <summary>The job; null where it holds something this version does not know.</summary>
    public static Job? Read(DbDataReader row) => RowReader.TryRead(Row(row)!, out var job) ? job : null;
}
