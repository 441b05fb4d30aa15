using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Watches the jobs of one backend instance: a listing of all of them is the truth, hints in between make it quick.</summary>
internal sealed partial class JobMonitor : LoopService
{
    private static readonly TimeSpan HintSpacing = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DutyLease = TimeSpan.FromSeconds(15);
    private readonly BackendInstance _instance;
    private readonly IJobStore _store;
    private readonly StraySweeper _sweeper;
    private readonly GatewayMetrics _metrics;
    private readonly IDutyStore _duties;
    private readonly ReplicaName _replica;
    private readonly Lock _lock = new();
    private Dictionary<string, JobReport> _hints = new(StringComparer.Ordinal);
    private long _listed;
    private bool _everListed;
    private Task? _watch;

    public JobMonitor(
        BackendInstance instance,
        IJobStore store,
        StraySweeper sweeper,
        GatewayMetrics metrics,
        IDutyStore duties,
        ReplicaName replica,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        ILogger<JobMonitor> logger)
        : base(time, lifetime, logger) =>
        (_instance, _store, _sweeper, _metrics, _duties, _replica) = (instance, store, sweeper, metrics, duties, replica);

    protected override string LoopName => $"the monitor of backend '{_instance.Name}'";

    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        var period = _instance.Backend.ListPeriod;
        if (!await IsOursAsync(period, cancellationToken))
        {
            return period < DutyLease / 3 ? period : DutyLease / 3;
        }

        if (_watch is null || _watch.IsCompleted)
        {
            _watch = WatchAsync(cancellationToken);
        }

        await ApplyHintsAsync(cancellationToken);
        if (_everListed && Time.GetElapsedTime(_listed) is var age && age < period)
        {
            return HasHints() ? HintSpacing : period - age;
        }

        _listed = Time.GetTimestamp();
        await ListAsync(cancellationToken);
        _everListed = true;
        return HasHints() ? HintSpacing : period;
    }

    /// <summary>A shared backend is watched by one replica at a time. Two for a moment do no harm: what they record is the same.</summary>
    private async Task<bool> IsOursAsync(TimeSpan period, CancellationToken cancellationToken) =>
        _instance.Backend.Node is not null
        || await _duties.TakeAsync($"monitor:{_instance.Name}", _replica.Value, DutyLease + period, cancellationToken);

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        // Rows first: absence from the listing proves something only for jobs whose start was recorded before it began.
        var (_, jobs) = await _store.LiveJobsAsync(_instance.Name, _instance.Backend.Node, cancellationToken);
        JobListing listing;
        long begun = Time.GetTimestamp();
        try
        {
            listing = await BoundedAsync(_instance.Backend.ListAsync, cancellationToken);
        }
        catch (Exception e) when (e is BackendUnavailableException or TimeoutException)
        {
            _metrics.Call(_instance.Name, "List", answered: false, Time.GetElapsedTime(begun));
            LogListingFailed(Logger, _instance.Name, e.Message);
            _instance.Health.Failed(e.Message);
            return;
        }

        // A listing changes nothing, so it goes on while the backend is left alone otherwise, and is what ends that.
        _metrics.Call(_instance.Name, "List", answered: true, Time.GetElapsedTime(begun));
        if (listing.UnreachableScopes.Count == 0)
        {
            _instance.Health.Answered();
        }

        _metrics.Listed(_instance.Name, listing.Jobs);
        if (listing.UnreachableScopes.Count == 0)
        {
            await _store.RecordListingAsync(_instance.Name, _instance.Backend.Node, (3 * _instance.Backend.ListPeriod) + _instance.Limits.CallTimeout, cancellationToken);
        }

        var reports = listing.Jobs.GroupBy(j => j.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, Best, StringComparer.Ordinal);
        var absent = jobs.Where(j => j.Handle is not null && !reports.ContainsKey(j.Name) && Reached(listing, j.Handle)).ToList();
        foreach (var report in await EndingsAsync(absent, cancellationToken))
        {
            reports[report.Name] = report;
        }

        await RecordAsync(jobs, reports, cancellationToken);
        await SweepAsync(listing, cancellationToken);
    }

    private async Task SweepAsync(JobListing listing, CancellationToken cancellationToken)
    {
        try
        {
            await BoundedAsync(
                async token =>
                {
                    await _sweeper.SweepAsync(_instance, listing, token);
                    return true;
                },
                cancellationToken);
        }
        catch (Exception e) when (e is BackendUnavailableException or TimeoutException)
        {
            LogNotSwept(Logger, _instance.Name, e.Message);
        }
    }

    /// <summary>Of several jobs under one name the one that lives counts.</summary>
    private static JobReport Best(IEnumerable<JobReport> reports) => reports.MinBy(r => r.State switch { JobState.Running => 0, JobState.Pending => 1, JobState.Held => 2, _ => 3 })!;

    private bool Reached(JobListing listing, string handle)
    {
        string scope = _instance.Backend.ScopeOf(handle);
        return listing.UnreachableScopes.Count == 0 || (scope.Length > 0 && listing.Reached(scope));
    }

    private async Task<IReadOnlyList<JobReport>> EndingsAsync(List<Job> absent, CancellationToken cancellationToken)
    {
        if (absent.Count == 0)
        {
            return [];
        }

        IReadOnlyList<JobReport> told;
        try
        {
            told = await BoundedAsync(token => _instance.Backend.DescribeAsync([.. absent.Select(j => new JobHandle(j.Name, j.Handle))], token), cancellationToken);
        }
#pragma warning disable CA1031 // Whatever keeps a backend from telling must not keep what is known from being recorded.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            // That they are gone is certain; why would only have been nice to know.
            LogListingFailed(Logger, _instance.Name, e.Message);
            told = [];
        }

        var known = told.Where(r => r.State == JobState.Ended).Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. told,
            .. absent.Where(j => !known.Contains(j.Name)).Select(j => new JobReport
            {
                Name = j.Name,
                Cluster = j.Cluster,
                Kind = j.Kind,
                Handle = j.Handle!,
                State = JobState.Ended,
                Reason = $"It is gone from '{_instance.Name}', which does not say why.",
            }),
        ];
    }

    private async Task RecordAsync(IReadOnlyList<Job> jobs, Dictionary<string, JobReport> reports, CancellationToken cancellationToken)
    {
        var changed = new List<(Job Before, Job After)>();
        foreach (var job in jobs)
        {
            if (job.Handle is not null && reports.GetValueOrDefault(job.Name) is { } report)
            {
                var after = job with
                {
                    State = report.State,
                    Reason = report.Reason,
                    Host = report.Host ?? job.Host,
                    ExitCode = report.ExitCode ?? job.ExitCode,
                };
                if (after != job)
                {
                    changed.Add((job, after));
                }
            }
        }

        if (changed.Count > 0)
        {
            await _store.RecordJobsAsync([.. changed.Select(c => c.After)], JobEvents.For(_instance.Name, changed), cancellationToken);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var reports in _instance.Backend.WatchAsync(cancellationToken))
            {
                lock (_lock)
                {
                    foreach (var report in reports)
                    {
                        _hints[report.Name] = report;
                    }
                }

                Wake();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
#pragma warning disable CA1031 // Hints only: the listing goes on, and the watch begins anew with the next round.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogWatchFailed(Logger, e, _instance.Name);
        }
    }

    private bool HasHints()
    {
        lock (_lock)
        {
            return _hints.Count > 0;
        }
    }

    private async Task ApplyHintsAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, JobReport> hints;
        lock (_lock)
        {
            if (_hints.Count == 0)
            {
                return;
            }

            (hints, _hints) = (_hints, new(StringComparer.Ordinal));
        }

        var (_, jobs) = await _store.LiveJobsAsync(_instance.Name, _instance.Backend.Node, cancellationToken);
        await RecordAsync(jobs, hints, cancellationToken);
        if (jobs.Count(j => j.Handle is not null && hints.ContainsKey(j.Name)) < hints.Count)
        {
            // A hint may be quicker than the record of the start: then the next listing, soon, has the same news.
            _everListed = _everListed && Time.GetElapsedTime(_listed) < HintSpacing;
        }
    }

    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_instance.Limits.CallTimeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"It did not answer within {_instance.Limits.CallTimeout.TotalSeconds:0} seconds.");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The jobs of backend {Backend} could not be listed: {Reason}")]
    private static partial void LogListingFailed(ILogger logger, string backend, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs of backend {Backend} that no row knows could not be removed: {Reason}")]
    private static partial void LogNotSwept(ILogger logger, string backend, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backend {Backend} stopped telling of changes; it is listed meanwhile, and asked again.")]
    private static partial void LogWatchFailed(ILogger logger, Exception exception, string backend);
}
