using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Storage.Schema;

/// <summary>Rows as records. A row that holds something this version does not know is not read; whoever asked leaves it alone.</summary>
internal static class RowReader
{
    public static bool TryRead(ClusterRow row, [NotNullWhen(true)] out Cluster? cluster)
    {
        cluster = null;
        if (!EnumText<ClusterPhase>.TryParse(row.Phase, out ClusterPhase phase)
            || !EnumText<ClusterPhase>.TryParse(row.Outcome, out ClusterPhase? outcome)
            || !TryParse(row.Spec, StorageJson.Default.ClusterSpec, out var spec))
        {
            return false;
        }

        cluster = new Cluster
        {
            Name = row.Name,
            OwnerId = row.OwnerId,
            Options = row.Options,
            Spec = spec,
            Phase = phase,
            Outcome = outcome,
            Reason = row.Reason,
            WorkerFailures = row.WorkerFailures,
            NotBefore = row.NotBefore,
            SchedulerAddress = row.SchedulerAddress,
            DashboardAddress = row.DashboardAddress,
            ApiAddress = row.ApiAddress,
            CreatedAt = row.CreatedAt,
            SubmittedAt = row.SubmittedAt,
            RunningAt = row.RunningAt,
            ClosingAt = row.ClosingAt,
            EndedAt = row.EndedAt,
            Revision = row.Revision,
        };
        return true;
    }

    public static bool TryRead(InboxRow row, [NotNullWhen(true)] out ClusterInbox? inbox)
    {
        inbox = null;
        Heartbeat? heartbeat = null;
        if (!EnumText<DesiredState>.TryParse(row.Desired, out DesiredState desired)
            || (row.Heartbeat is { } text && !TryParse(text, StorageJson.Default.Heartbeat, out heartbeat)))
        {
            return false;
        }

        inbox = new ClusterInbox
        {
            Desired = desired,
            StopReason = row.StopReason,
            StopFailed = row.StopFailed,
            // These three change without a change of the rest, which is then not written again.
            Heartbeat = heartbeat is null ? null : heartbeat with { Incarnation = row.Incarnation, Sequence = row.Sequence, IdleSeconds = row.IdleSeconds },
            HeartbeatAt = row.HeartbeatAt,
            Clients = row.Clients,
            NoClientSince = row.NoClientSince,
        };
        return true;
    }

    public static bool TryRead(WorkerRow row, [NotNullWhen(true)] out Worker? worker)
    {
        worker = null;
        if (!EnumText<WorkerPhase>.TryParse(row.Phase, out WorkerPhase phase)
            || !EnumText<WorkerPhase>.TryParse(row.Outcome, out WorkerPhase? outcome)
            || !TryParse(row.Resources, StorageJson.Default.JobResources, out var resources))
        {
            return false;
        }

        worker = new Worker
        {
            Name = row.Name,
            Cluster = row.Cluster,
            Group = row.WorkerGroup,
            Backend = row.Backend,
            Resources = resources,
            Phase = phase,
            Outcome = outcome,
            Reason = row.Reason,
            SubmittedAt = row.SubmittedAt,
            ConnectedAt = row.ConnectedAt,
            LeavingAt = row.LeavingAt,
            StopSaved = row.StopSaved,
            EndedAt = row.EndedAt,
        };
        return true;
    }

    public static bool TryRead(JobRow row, [NotNullWhen(true)] out Job? job)
    {
        job = null;
        if (!EnumText<JobKind>.TryParse(row.Kind, out JobKind kind)
            || !EnumText<JobState>.TryParse(row.State, out JobState state)
            || !EnumText<AddressVerdict>.TryParse(row.AddressVerdict, out AddressVerdict? verdict))
        {
            return false;
        }

        job = new Job
        {
            Name = row.Name,
            Cluster = row.Cluster,
            Kind = kind,
            Backend = row.Backend,
            Node = row.Node,
            Handle = row.Handle,
            State = state,
            Reason = row.Reason,
            Host = row.Host,
            ExitCode = row.ExitCode,
            CloseExpected = row.CloseExpected,
            StartedAt = row.StartedAt,
            StateSince = row.StateSince,
            CheckedAddress = row.CheckedAddress,
            AddressVerdict = verdict,
        };
        return true;
    }

    /// <summary>A cluster with what has been asked since.</summary>
    public static ClusterView? View(ClusterRow cluster, string desired, string? stopReason) =>
        TryRead(cluster, out var read) && EnumText<DesiredState>.TryParse(desired, out DesiredState state)
            ? new ClusterView(read, state, stopReason)
            : null;

    private static bool TryParse<T>(string text, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value)
        where T : class
    {
        try
        {
            value = JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException)
        {
            value = null;
        }

        return value is not null;
    }
}
