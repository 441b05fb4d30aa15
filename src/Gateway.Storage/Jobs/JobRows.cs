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
    public static RowSet<Job> Checked { get; } = new(
        "jobs",
        new("name", ColumnType.Text, j => j.Name),
        new("address", ColumnType.Text, j => j.CheckedAddress),
        new("verdict", ColumnType.Text, j => j.AddressVerdict?.ToString()));

    /// <summary>Jobs that have not ended, of a <c>backend</c> and a <c>node</c>: read by hand, for there may be a hundred thousand of them.</summary>
    public static StoreCommand Live(StoreSession session, string condition, string order) => session.Command($"""
        SELECT j.name, j.cluster, j.kind, j.backend, j.node, j.handle, j.state, j.reason, j.host, j.exit_code, j.close_expected, j.started_at,
               j.state_since, j.checked_address, j.address_verdict
        FROM jobs AS j
        WHERE j.backend = @backend AND j.ended_at IS NULL AND (@node IS NULL OR COALESCE(j.node, @node) = @node) AND {condition}
        {order}
        """);

    /// <summary>The row; null where it holds something this version does not know.</summary>
    public static Job? Read(DbDataReader row) => RowReader.TryRead(
        new JobRow
        {
            Name = row.GetString(0),
            Cluster = row.GetString(1),
            Kind = row.GetString(2),
            Backend = row.GetString(3),
            Node = Text(row, 4),
            Handle = Text(row, 5),
            State = row.GetString(6),
            Reason = Text(row, 7),
            Host = Text(row, 8),
            ExitCode = row.IsDBNull(9) ? null : row.GetInt32(9),
            CloseExpected = row.GetBoolean(10),
            StartedAt = Micros.ToTime(row.GetInt64(11)),
            StateSince = Micros.ToTime(row.GetInt64(12)),
            CheckedAddress = Text(row, 13),
            AddressVerdict = Text(row, 14),
        },
        out var job) ? job : null;

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
