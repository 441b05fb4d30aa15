using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Sessions;

namespace Gateway.Storage.Reconciliation;

/// <summary>What a plan saves, as statements take it.</summary>
internal static class PlanRows
{
    /// <summary>Claims with the time at which each cluster is due again.</summary>
    public static RowSet<(Claim Claim, DateTimeOffset? DueAt)> Rests { get; } = new(
        "rests",
        new("cluster", ColumnType.Text, r => r.Claim.Cluster),
        new("generation", ColumnType.Whole, r => r.Claim.Generation),
        new("wake", ColumnType.Whole, r => r.Claim.Wake),
        new("due_at", ColumnType.Whole, r => Micros.From(r.DueAt)));

    public static RowSet<Worker> NewWorkers { get; } = new(
        "workers",
        new("name", ColumnType.Text, w => w.Name),
        new("worker_group", ColumnType.Text, w => w.Group),
        new("backend", ColumnType.Text, w => w.Backend),
        new("resources", ColumnType.Text, w => JsonSerializer.Serialize(w.Resources, StorageJson.Default.JobResources)),
        new("phase", ColumnType.Text, w => w.Phase.ToString()),
        new("outcome", ColumnType.Text, w => w.Outcome?.ToString()),
        new("reason", ColumnType.Text, w => w.Reason),
        new("submitted_at", ColumnType.Whole, w => Micros.From(w.SubmittedAt)));

    public static RowSet<Worker> ChangedWorkers { get; } = new(
        "workers",
        new("name", ColumnType.Text, w => w.Name),
        new("phase", ColumnType.Text, w => w.Phase.ToString()),
        new("outcome", ColumnType.Text, w => w.Outcome?.ToString()),
        new("reason", ColumnType.Text, w => w.Reason),
        new("connected_at", ColumnType.Whole, w => Micros.From(w.ConnectedAt)),
        new("leaving_at", ColumnType.Whole, w => Micros.From(w.LeavingAt)),
        new("stop_saved", ColumnType.Truth, w => w.StopSaved),
        new("ended", ColumnType.Truth, w => w.Phase.IsEnded()),
        new("ended_at", ColumnType.Whole, w => Micros.From(w.EndedAt)));

    public static RowSet<OutboxEntry> Outbox { get; } = new(
        "outbox_rows",
        new("action", ColumnType.Text, o => o.Action.ToString()),
        new("job", ColumnType.Text, o => o.Job),
        new("kind", ColumnType.Text, o => o.Kind.ToString()),
        new("backend", ColumnType.Text, o => o.Backend),
        new("node", ColumnType.Text, o => o.Node),
        new("argument", ColumnType.Text, o => o.Argument),
        new("trace_parent", ColumnType.Text, o => o.TraceParent));
}
