using System.Data.Common;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>Clusters with what has been asked since, read by hand: each API request does it, and Entity Framework takes several times as long as the database.</summary>
internal static class ClusterRows
{
    private const string Select = """
        SELECT c.name, c.owner_id, c.options, c.spec, c.phase, c.outcome, c.reason, c.worker_failures, c.not_before, c.scheduler_address,
               c.dashboard_address, c.api_address, c.created_at, c.submitted_at, c.running_at, c.closing_at, c.ended_at, c.revision,
               i.desired, i.stop_reason
        FROM clusters AS c JOIN cluster_inbox AS i ON i.cluster = c.name
        """;

    /// <summary>Those that fit a condition over <c>c</c> (clusters) and <c>i</c> (inbox).</summary>
    public static StoreCommand Where(StoreSession session, string condition) => session.Command($"{Select}\nWHERE {condition}");

    /// <summary>The row; null where it holds something this version does not know.</summary>
    public static ClusterView? Read(DbDataReader row) => RowReader.View(
        new ClusterRow
        {
            Name = row.GetString(0),
            OwnerId = row.IsDBNull(1) ? null : row.GetGuid(1),
            Options = row.GetString(2),
            Spec = row.GetString(3),
            Phase = row.GetString(4),
            Outcome = Text(row, 5),
            Reason = Text(row, 6),
            WorkerFailures = row.GetInt32(7),
            NotBefore = Time(row, 8),
            SchedulerAddress = Text(row, 9),
            DashboardAddress = Text(row, 10),
            ApiAddress = Text(row, 11),
            CreatedAt = Micros.ToTime(row.GetInt64(12)),
            SubmittedAt = Time(row, 13),
            RunningAt = Time(row, 14),
            ClosingAt = Time(row, 15),
            EndedAt = Time(row, 16),
            Revision = row.GetInt64(17),
        },
        desired: row.GetString(18),
        stopReason: Text(row, 19));

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : Micros.ToTime(row.GetInt64(column));
}
