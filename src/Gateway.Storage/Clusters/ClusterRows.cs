using System.Data.Common;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Clusters;

/// <summary>Clusters with what has been asked since, read by hand: each API request does it, and Entity Framework takes several times as long as the database.</summary>
internal static class ClusterRows
{
    /// <summary>Columns of <c>clusters AS c</c>, as <see cref="Row"/> reads them.</summary>
    public const string Columns = """
        c.name, c.owner_id, c.options, c.spec, c.phase, c.outcome, c.reason, c.worker_failures, c.not_before, c.scheduler_address,
        c.dashboard_address, c.api_address, c.created_at, c.submitted_at, c.running_at, c.closing_at, c.ended_at, c.revision
        """;

    /// <summary>How many they are.</summary>
    public const int Count = 18;

    private const string Select = $"SELECT {Columns}, i.desired, i.stop_reason FROM clusters AS c JOIN cluster_inbox AS i ON i.cluster = c.name";

    /// <summary>Those that fit a condition over <c>c</c> (clusters) and <c>i</c> (inbox).</summary>
    public static StoreCommand Where(StoreSession session, string condition) => session.Command($"{Select}\nWHERE {condition}");

    /// <summary>The row; null where it holds something this version does not know.</summary>
    public static ClusterView? Read(DbDataReader row) => RowReader.View(Row(row), desired: row.GetString(Count), stopReason: row.Text(Count + 1));

    public static ClusterRow Row(DbDataReader row) => new()
    {
        Name = row.GetString(0),
        OwnerId = row.IsDBNull(1) ? null : row.GetGuid(1),
        Options = row.GetString(2),
        Spec = row.GetString(3),
        Phase = row.GetString(4),
        Outcome = row.Text(5),
        Reason = row.Text(6),
        WorkerFailures = row.GetInt32(7),
        NotBefore = row.TimeOrNull(8),
        SchedulerAddress = row.Text(9),
        DashboardAddress = row.Text(10),
        ApiAddress = row.Text(11),
        CreatedAt = row.Time(12),
        SubmittedAt = row.TimeOrNull(13),
        RunningAt = row.TimeOrNull(14),
        ClosingAt = row.TimeOrNull(15),
        EndedAt = row.TimeOrNull(16),
        Revision = row.GetInt64(17),
    };
}
