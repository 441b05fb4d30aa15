using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>
/// Removes jobs of this gateway that no row knows: listed first, rows read afterwards, and only after a grace period. So are twins: a job
/// under a known name beside the one whose handle is recorded, which a replica has submitted that was frozen in the middle of it.
/// A large share of a backend's jobs at once looks like a wrong database rather than like strays, and needs an operator's word.
/// </summary>
internal sealed partial class StraySweeper(
    IJobStore store, IClusterStore clusters, ReconcilerSettings settings, GatewayMetrics metrics, TimeProvider time, ILogger<StraySweeper> logger)
{
    private const int Piece = 1000;
    private readonly Dictionary<(string Backend, string Handle), long> _seen = [];

    /// <param name="instance">The backend.</param>
    /// <param name="listing">Its jobs.</param>
    /// <param name="rows">Live jobs as they were recorded before the listing, by name: they vouch for those that are listed under their handle, so that only of the others rows are read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task SweepAsync(BackendInstance instance, JobListing listing, IReadOnlyDictionary<string, Job> rows, CancellationToken cancellationToken)
    {
        var live = listing.Jobs.Where(j => j.State != JobState.Ended).ToList();
        var strays = await StraysAsync(live, [.. live.Where(j => rows.GetValueOrDefault(j.Name)?.Handle != j.Handle)], cancellationToken);
        var due = Due(instance.Name, strays);
        if (due.Count == 0)
        {
            return;
        }

        if (!settings.RemoveAllStrays && due.Count > settings.StrayMinimum && due.Count > settings.StrayShare * live.Count)
        {
            LogTooMany(logger, due.Count, live.Count, instance.Name);
            return;
        }

        await instance.Backend.StopAsync([.. due.Select(j => new JobHandle(j.Name, j.Handle))], cancellationToken);
        Forget(instance.Name, due);
        metrics.Strays(instance.Name, due.Count);
        LogRemoved(logger, due.Count, instance.Name, due[0].Name);
        await clusters.AppendEventsAsync(
            [.. due.Select(j => new ClusterEvent
            {
                Cluster = j.Cluster,
                Worker = j.Kind == JobKind.Worker ? j.Name : null,
                Kind = EventKinds.StrayRemoved,
                Message = $"A job that should not be there was removed from '{instance.Name}'.",
            })],
            cancellationToken);
    }

    private async Task<List<JobReport>> StraysAsync(List<JobReport> live, List<JobReport> candidates, CancellationToken cancellationToken)
    {
        var strays = new List<JobReport>();
        if (candidates.Count == 0)
        {
            return strays;
        }

        var handles = live.Select(j => (j.Name, j.Handle)).ToHashSet();
        foreach (var piece in candidates.Chunk(Piece))
        {
            // A twin is told only while the recorded job is listed too: where it is not, this may be that job, found under another handle.
            var known = await store.KnownJobsAsync([.. piece.Select(j => j.Name).Distinct(StringComparer.Ordinal)], cancellationToken);
            strays.AddRange(piece.Where(j => !known.TryGetValue(j.Name, out string? handle) || (handle is not null && handle != j.Handle && handles.Contains((j.Name, handle)))));
        }

        return strays;
    }

    private List<JobReport> Due(string backend, List<JobReport> strays)
    {
        lock (_seen)
        {
            long now = time.GetTimestamp();
            var current = strays.Select(s => (backend, s.Handle)).ToHashSet();
            foreach (var gone in _seen.Keys.Where(k => k.Backend == backend && !current.Contains(k)).ToList())
            {
                _seen.Remove(gone);
            }

            return [.. strays.Where(s => time.GetElapsedTime(_seen.TryAdd((backend, s.Handle), now) ? now : _seen[(backend, s.Handle)], now) >= settings.StrayGrace)];
        }
    }

    /// <summary>Those that take their time to end are not asked, and told of, with every listing: only after another grace period.</summary>
    private void Forget(string backend, List<JobReport> due)
    {
        lock (_seen)
        {
            foreach (var job in due)
            {
                _seen.Remove((backend, job.Handle));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removed {Count} jobs of backend {Backend} that no row knows, {JobName} among them.")]
    private static partial void LogRemoved(ILogger logger, int count, string backend, string jobName);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} of {Total} jobs of backend {Backend} are known to no row. So many at once look like a wrong database: nothing is removed until Reconciliation:RemoveAllStrays is true.")]
    private static partial void LogTooMany(ILogger logger, int count, int total, string backend);
}
