using Gateway.Core.Backends;
using Gateway.Core.Clusters;
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
}
