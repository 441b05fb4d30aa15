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
    private static readonly TimeSpan DutyLease = TimeSpan.FromSeconds(15);

    // Rows read, or written, by one statement: however many jobs live, none takes long.
    private const int Piece = 2000;
    private readonly BackendInstance _instance;
    private readonly IJobStore _store;
    private readonly StraySweeper _sweeper;
    private readonly GatewayMetrics _metrics;
    private readonly IDutyStore _duties;
    private readonly ReplicaName _replica;
    private long _listed;
    private bool _everListed;

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
        cancellationToken.ThrowIfCancellationRequested();
        if (!await IsOursAsync(period))
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

    /// <summary>Whether every replica has a backend of its own behind this instance; a shared one is watched by one replica at a time.</summary>
    private bool IsEachReplicasOwn => _instance.Backend.Node is not null;

    private string Duty => $"monitor:{_instance.Name}";

    /// <summary>Two that watch for a moment do no harm: what they record is the same.</summary>
    /// <remarks>Not cut short by the gateway's stop: a duty that is taken all the same, after it was given up, would lie idle until it runs out.</remarks>
    private async Task<bool> IsOursAsync(TimeSpan period) =>
        IsEachReplicasOwn || await _duties.TakeAsync(Duty, _replica.Value, DutyLease + period, CancellationToken.None);

    protected override async Task LeaveAsync()
    {
        if (IsEachReplicasOwn)
        {
            return;
        }

        try
        {
            await _duties.GiveUpAsync(Duty, _replica.Value, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            LogNotGivenUp(Logger, _instance.Name, e.Message);
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        // Rows first: absence from the listing proves something only for jobs whose start was recorded before it began.
        var jobs = await RowsAsync(cancellationToken);
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

        var reports = ByName(listing.Jobs);
        var absent = jobs.Values.Where(j => j.Handle is not null && !reports.ContainsKey(j.Name) && Reached(listing, j.Handle)).ToList();
        foreach (var report in await EndingsAsync(absent, cancellationToken))
        {
            reports[report.Name] = report;
        }

        await RecordAsync(jobs.Values, reports, cancellationToken);
        await SweepAsync(listing, jobs, cancellationToken);
    }

    /// <summary>This backend's live jobs, by name.</summary>
    private async Task<Dictionary<string, Job>> RowsAsync(CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, Job>(StringComparer.Ordinal);
        string? after = null;
        do
        {
            (var jobs, after) = await _store.LiveJobsAsync(_instance.Name, _instance.Backend.Node, after, Piece, cancellationToken);
            foreach (var job in jobs)
            {
                rows[job.Name] = job;
            }
        }
        while (after is not null);
        return rows;
    }

    private async Task SweepAsync(JobListing listing, Dictionary<string, Job> rows, CancellationToken cancellationToken)
    {
        try
        {
            await BoundedAsync(
                async token =>
                {
                    await _sweeper.SweepAsync(_instance, listing, rows, token);
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
    private static Dictionary<string, JobReport> ByName(IReadOnlyList<JobReport> listed)
    {
        var reports = new Dictionary<string, JobReport>(listed.Count, StringComparer.Ordinal);
        foreach (var report in listed)
        {
            if (!reports.TryAdd(report.Name, report) && Rank(report.State) < Rank(reports[report.Name].State))
            {
                reports[report.Name] = report;
            }
        }

        return reports;

        static int Rank(JobState state) => state switch { JobState.Running => 0, JobState.Pending => 1, JobState.Held => 2, _ => 3 };
    }

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

    private async Task RecordAsync(IEnumerable<Job> jobs, Dictionary<string, JobReport> reports, CancellationToken cancellationToken)
    {
        var changed = new List<(Job Before, Job After)>();
        foreach (var job in jobs)
        {
            if (job.Handle is not null && reports.GetValueOrDefault(job.Name) is { } report && IsNews(job, report))
            {
                changed.Add((job, job with
                {
                    State = report.State,
                    Reason = report.Reason,
                    Host = report.Host ?? job.Host,
                    ExitCode = report.ExitCode ?? job.ExitCode,
                }));
            }
        }

        // Jobs of one cluster together, as far as they go: their timeline tells of them in one line.
        foreach (var piece in changed.OrderBy(c => c.After.Cluster, StringComparer.Ordinal).Chunk(Piece))
        {
            await _store.RecordJobsAsync([.. piece.Select(c => c.After)], JobEvents.For(_instance.Name, piece), cancellationToken);
        }
    }

    private static bool IsNews(Job job, JobReport report) =>
        report.State != job.State || report.Reason != job.Reason || (report.Host is { } host && host != job.Host) || (report.ExitCode is { } code && code != job.ExitCode);

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The duty to watch backend {Backend} could not be given up; another replica takes it when it runs out. {Reason}")]
    private static partial void LogNotGivenUp(ILogger logger, string backend, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs of backend {Backend} that no row knows could not be removed: {Reason}")]
    private static partial void LogNotSwept(ILogger logger, string backend, string reason);
}
