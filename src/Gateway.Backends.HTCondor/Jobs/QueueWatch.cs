using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Lists the gateway's jobs, and does what a listing shows to be needed: fetches output, analyses waiting jobs, removes second jobs of a name.</summary>
internal sealed partial class QueueWatch(
    CondorQueue queue, Constraint constraint, ScheddPool schedds, KnownJobs known, MatchAnalyzer analyzer, OutputFetcher fetcher, ClusterFiles files, Func<JobKind, long> maxOutput, EventFollower events, TimeProvider time, ILogger<QueueWatch> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromHours(1);
    private static readonly TimeSpan FolderRetention = TimeSpan.FromDays(7);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task _chores = Task.CompletedTask;
    private long? _swept;

    /// <exception cref="BackendUnavailableException">No schedd answered.</exception>
    public async Task<JobListing> ListAsync(CancellationToken cancellationToken)
    {
        var before = known.Ids();
        var listings = await Task.WhenAll(schedds.All.Select(schedd => ListAsync(schedd, cancellationToken)));
        if (listings.All(listing => listing.Failure is not null))
        {
            throw new BackendUnavailableException($"HTCondor does not answer: {listings[0].Failure!.Message}", listings[0].Failure);
        }

        var answered = listings.Where(listing => listing.Failure is null).ToList();
        if (answered.FirstOrDefault(listing => listing.Schedd == schedds.All[0]) is { } logged)
        {
            known.Listed(logged.Ads, before);
        }

        var doubles = Doubles(answered);
        Start(answered, doubles);
        return new JobListing(
            [.. answered.SelectMany(listing => Reports(listing).Where(report => !doubles.Contains((report.Scope, report.Handle))))],
            listings.Where(listing => listing.Failure is not null).Select(listing => listing.Schedd.Scope).ToHashSet());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _chores;
        _stop.Dispose();
    }

    private async Task<Listing> ListAsync(Schedd schedd, CancellationToken cancellationToken)
    {
        try
        {
            var ads = await queue.QueryAsync(schedd, constraint.All(), cancellationToken);
            schedd.Listed(ads.Count(ad => ad.Status == 1));
            return new Listing(schedd, ads, null);
        }
        catch (ToolException exception)
        {
            return new Listing(schedd, [], exception);
        }
    }

    private IEnumerable<JobReport> Reports(Listing listing)
    {
        var waiting = WaitingExplainer.Explain(listing.Ads, analyzer.Finding);
        return listing.Ads.Select(ad => JobExplainer.Report(ad, listing.Schedd.Scope, waiting.GetValueOrDefault(ad.Id)));
    }

    // Two submissions of a name can both have got through only when a tool outlived its gateway. The one that runs, or came first, stays.
    private static HashSet<(string Scope, string Handle)> Doubles(IEnumerable<Listing> listings) => [.. listings
        .SelectMany(listing => listing.Ads.Select(ad => (Ad: ad, Report: JobExplainer.Report(ad, listing.Schedd.Scope))))
        .GroupBy(job => (job.Ad.Name, job.Ad.Account))
        .Where(group => group.Skip(1).Any())
        .SelectMany(group => group.OrderByDescending(job => Rank(job.Report)).ThenBy(job => job.Ad.IsSpooling).ThenBy(job => job.Ad.Id).Skip(1))
        .Select(job => (job.Report.Scope, job.Report.Handle))];

    private static int Rank(JobReport report) => report.State switch
    {
        JobState.Running => 2,
        JobState.Pending or JobState.Held => 1,
        _ => 0,
    };

    // One round of chores at a time; a listing never waits for them.
    private void Start(IReadOnlyList<Listing> listings, IReadOnlyCollection<(string Scope, string Handle)> doubles)
    {
        lock (_lock)
        {
            if (_chores.IsCompleted && !_stop.IsCancellationRequested)
            {
                _chores = Task.Run(() => DoAsync(listings, doubles, _stop.Token), CancellationToken.None);
            }
        }
    }

    private async Task DoAsync(IReadOnlyList<Listing> listings, IReadOnlyCollection<(string Scope, string Handle)> doubles, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var group in doubles.Select(job => CondorHandle.Parse(job.Handle)).OfType<CondorHandle>().GroupBy(handle => (handle.Scope, handle.Account)))
            {
                LogDoubles(group.Count(), group.Key.Scope);
                await queue.RemoveAsync(schedds.Find(group.Key.Scope)!, group.Key.Account, constraint, [.. group.Select(handle => handle.Id)], cancellationToken);
            }

            foreach (var listing in listings)
            {
                await fetcher.FetchAsync(listing.Schedd, listing.Ads.Where(ad => ad.Status is 1 or 4 or 5), isLast: false, cancellationToken);
                await analyzer.AnalyzeAsync(listing.Schedd, listing.Ads, cancellationToken);
                foreach (var ad in listing.Ads.Where(ad => ad.Status == 2))
                {
                    files.BoundOutput(ad.Cluster, ad.Name, maxOutput(ad.Kind));
                }
            }

            Sweep(listings);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (exception is ToolException or IOException or UnauthorizedAccessException)
        {
            LogChores(exception);
        }
    }

    private void Sweep(IReadOnlyList<Listing> listings)
    {
        // Only a listing of all tells which clusters have no job.
        if (listings.Count < schedds.All.Count || (_swept is { } swept && time.GetElapsedTime(swept) < SweepPeriod))
        {
            return;
        }

        _swept = time.GetTimestamp();
        events.Sweep();
        var removed = files.Sweep(listings.SelectMany(listing => listing.Ads).Select(ad => ad.Cluster).ToHashSet(), time.GetUtcNow() - FolderRetention);
        if (removed > 0)
        {
            LogSwept(removed);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} second jobs of names that have one already are removed from schedd {Schedd}")]
    private partial void LogDoubles(int count, string schedd);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed the folders of {Count} clusters that ended long ago")]
    private partial void LogSwept(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What a listing showed to be needed could not be done; the next one tries again")]
    private partial void LogChores(Exception exception);

    private sealed record Listing(Schedd Schedd, IReadOnlyList<JobAd> Ads, ToolException? Failure);
}
