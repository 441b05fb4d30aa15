using System.Data.Common;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Clusters;

/// <summary>Workers' rows, read by hand.</summary>
internal static class WorkerRows
{
    /// <summary>Columns of <c>workers AS w</c>, as <see cref="Row"/> reads them.</summary>
    public const string Columns = """
        w.name, w.cluster, w.worker_group, w.backend, w.resources, w.phase, w.outcome, w.reason, w.submitted_at, w.connected_at, w.leaving_at, w.stop_saved, w.ended_at
        """;

    /// <summary>How many they are.</summary>
    public const int Count = 13;

    public static WorkerRow Row(DbDataReader row) => new()
    {
        Name = row.GetString(0),
        Cluster = row.GetString(1),
        WorkerGroup = row.GetString(2),
        Backend = row.GetString(3),
        Resources = row.GetString(4),
        Phase = row.GetString(5),
        Outcome = row.Text(6),
        Reason = row.Text(7),
        SubmittedAt = row.Time(8),
        ConnectedAt = row.TimeOrNull(9),
        LeavingAt = row.TimeOrNull(10),
        StopSaved = row.GetBoolean(11),
        EndedAt = row.TimeOrNull(12),
    };
}
