using System.Runtime.CompilerServices;
using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor;

/// <summary>Jobs in HTCondor.</summary>
internal sealed partial class HTCondorBackend : IJobBackend, IAsyncDisposable
{
    private readonly HTCondorOptions _options;
    private readonly TimeProvider _time;
    private readonly CondorTools _tools;
    private readonly ScheddPool _schedds;
    private readonly Impersonation _identity;
    private readonly Constraint _constraint;
    private readonly CondorQueue _queue;
    private readonly ClusterFiles _files;
    private readonly OutputFetcher _fetcher;
    private readonly JobPreparer _preparer;
    private readonly JobStarter _starter;
    private readonly EventFollower _events;
    private readonly QueueWatch _watch;
    private readonly PoolProbe _probe;

    public HTCondorBackend(HTCondorOptions options, SubmitLayers layers, BackendContext context)
    {
        _options = options;
        _time = context.Time;
        var metrics = new ToolMetrics(context.Meters, context.Instance);
        var privateFiles = new PrivateFiles(options.Folder, options.Files);
        var known = new KnownJobs();
        _files = new ClusterFiles(privateFiles);
        _tools = new CondorTools(options, _time, metrics, context.Loggers.CreateLogger<CondorTools>());
        _schedds = new ScheddPool(options, _tools, _time);
        _identity = new Impersonation(options, privateFiles, _tools, _time);
        _constraint = new Constraint(options, context);
        _queue = new CondorQueue(options, _tools, _schedds, _identity);
        _fetcher = new OutputFetcher(options, _tools, _constraint, _identity, _time, context.Loggers.CreateLogger<OutputFetcher>());
        _events = new EventFollower(options, privateFiles, _tools, known, _time);
        _preparer = new JobPreparer(options, layers, new UserFields(options, layers), new JobTemplate(options, context), _files, new Credentials(options, _tools, _time), _identity, _tools);
        _starter = new JobStarter(
            options,
            _preparer,
            new Submitter(options, _tools, _schedds, _identity, metrics),
            new Adoption(options, _queue, _constraint, _schedds, _time, context.Loggers.CreateLogger<Adoption>()),
            _schedds,
            known,
            _events.Log,
            _time,
            context.Loggers.CreateLogger<JobStarter>());
        var analyzer = new MatchAnalyzer(options, _tools, _identity, _time);
        _watch = new QueueWatch(_queue, _constraint, _schedds, known, analyzer, _fetcher, _files, kind => (long)layers.Resolve(kind, options.DefaultProfile).MaxOutputMegabytes << 20, _events, _time, context.Loggers.CreateLogger<QueueWatch>());
        _probe = new PoolProbe(options, _tools, _schedds, _identity);
    }

    public string? Node => null;

    public TimeSpan ListPeriod => _options.ListPeriod;

    public string ScopeOf(string handle) => CondorHandle.Parse(handle)?.Scope ?? "";

    public TimeSpan? MaxJobDuration(ClusterSpec spec)
    {
        try
        {
            return _preparer.Resolve(JobKind.Worker, spec).MaxDuration;
        }
        catch (SubmitTextException)
        {
            // Jobs of such a specification are refused, whatever their duration.
            return null;
        }
    }

    public Task<string?> ProbeAsync(CancellationToken cancellationToken) => _probe.RefusalAsync(cancellationToken);

    public Task<string?> CheckSpecAsync(ClusterSpec spec, CancellationToken cancellationToken) => Task.Run(() => _preparer.Refusal(spec), cancellationToken);

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) => _starter.StartAsync(jobs, cancellationToken);

    public async Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var found = await FindAsync(jobs, cancellationToken);
        foreach (var schedd in found.OfType<QueuedJob>().GroupBy(job => job.Schedd, job => job.Ad))
        {
            await _fetcher.FetchAsync(schedd.Key, schedd, isLast: true, cancellationToken);
        }

        // An idle job that has run counts as ended, but only its removal takes it out of the queue now.
        await RemoveAsync(found.Where(job => job is { Report.State: not JobState.Ended } or { Ad.Status: 1 }), cancellationToken);
        return [.. found.Select(job => job is null or { Report.State: JobState.Ended } ? StopOutcome.Gone : StopOutcome.Ending)];
    }

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) => _watch.ListAsync(cancellationToken);

    public async Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var reports = new Dictionary<string, JobReport>();
        try
        {
            foreach (var scope in jobs.GroupBy(job => CondorHandle.Parse(job.Handle)?.Scope))
            {
                foreach (var schedd in scope.Key is null ? _schedds.All : _schedds.All.Where(schedd => schedd.Scope == scope.Key))
                {
                    foreach (var some in scope.Select(job => job.Name).Distinct().Chunk(500))
                    {
                        foreach (var ad in await _queue.HistoryAsync(schedd, _constraint.Names(some), some.Length, cancellationToken))
                        {
                            reports.TryAdd(ad.Name, JobExplainer.Report(ad, schedd.Scope));
                        }
                    }
                }
            }
        }
        catch (ToolException exception)
        {
            throw Unavailable(exception);
        }

        return [.. reports.Values];
    }

    public async Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        if (ports.Any(port => port is < 1 or > 65535))
        {
            return AddressVerdict.No;
        }

        if (await FindAdAsync(job, cancellationToken) is not var (_, ad))
        {
            return AddressVerdict.NotYet;
        }

        return ad.RemoteHost is null || ad.Host is not { } machine ? AddressVerdict.NotYet : await AddressCheck.CheckAsync(host, machine, ad.StartdAddress, _time, cancellationToken);
    }

    public async Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken)
    {
        if ((CondorHandle.Parse(job.Handle)?.Cluster ?? _files.ClusterOf(job.Name)) is not { } cluster)
        {
            return null;
        }

        var path = _files.Output(cluster, job.Name, stream);
        if (_options.Files.Mode == Options.FileMode.Spool && await FindAdAsync(job, cancellationToken) is var (schedd, ad))
        {
            await _fetcher.FetchAsync(schedd, [ad], isLast: false, cancellationToken);
        }

        return await OutputReader.ReadAsync(path, offset, max, cancellationToken);
    }

    public async Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var found = await FindAsync(jobs, cancellationToken);
        await RemoveAsync(found, cancellationToken);
        foreach (var job in jobs)
        {
            if ((CondorHandle.Parse(job.Handle)?.Cluster ?? _files.ClusterOf(job.Name)) is { } cluster)
            {
                _files.RemoveOutput(cluster, job.Name);
            }
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_events.IsActive)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
        }

        await foreach (var reports in _events.WatchAsync(_schedds.All[0].Scope, cancellationToken))
        {
            yield return reports;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _fetcher.Dispose();
        _schedds.Dispose();
        _identity.Dispose();
        _tools.Dispose();
    }

    private async Task<(Schedd, JobAd)?> FindAdAsync(JobHandle job, CancellationToken cancellationToken)
    {
        try
        {
            if (CondorHandle.Parse(job.Handle) is { } handle)
            {
                return _schedds.Find(handle.Scope) is { } schedd && (await _queue.QueryAsync(schedd, _constraint.Ids([handle.Id]), cancellationToken)).FirstOrDefault(ad => ad.Name == job.Name) is { } ad
                    ? (schedd, ad)
                    : null;
            }

            var (found, _) = await _queue.FindAsync(_constraint, [job.Name], cancellationToken);
            return found.Count > 0 ? found[0] : null;
        }
        catch (ToolException exception)
        {
            throw Unavailable(exception);
        }
    }

    /// <summary>Jobs as the queues have them, in order; null: it is in none. A number alone is not believed: schedds that lose their queue begin anew with theirs.</summary>
    private async Task<IReadOnlyList<QueuedJob?>> FindAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var byName = new Dictionary<string, QueuedJob>();
        try
        {
            foreach (var scope in jobs.GroupBy(job => CondorHandle.Parse(job.Handle)?.Scope))
            {
                if (scope.Key is null)
                {
                    var (found, silent) = await _queue.FindAsync(_constraint, [.. scope.Select(job => job.Name).Distinct()], cancellationToken);
                    if (silent.Count > 0)
                    {
                        throw Unavailable(silent.Values.First());
                    }

                    foreach (var (schedd, ad) in found)
                    {
                        byName.TryAdd(ad.Name, new QueuedJob(schedd, ad, JobExplainer.Report(ad, schedd.Scope)));
                    }

                    continue;
                }

                var at = _schedds.Find(scope.Key) ?? throw new BackendUnavailableException($"The schedd {scope.Key} is not configured any more: its jobs cannot be asked for.");
                foreach (var some in scope.Select(job => CondorHandle.Parse(job.Handle)!.Id).Chunk(2000))
                {
                    foreach (var ad in await _queue.QueryAsync(at, _constraint.Ids(some), cancellationToken))
                    {
                        byName.TryAdd(ad.Name, new QueuedJob(at, ad, JobExplainer.Report(ad, at.Scope)));
                    }
                }
            }
        }
        catch (ToolException exception)
        {
            throw Unavailable(exception);
        }

        return [.. jobs.Select(job => byName.TryGetValue(job.Name, out var queued) && (job.Handle is null || job.Handle == queued.Report.Handle) ? queued : null)];
    }

    private async Task RemoveAsync(IEnumerable<QueuedJob?> jobs, CancellationToken cancellationToken)
    {
        try
        {
            // A token is one account's; otherwise one call may remove everybody's.
            foreach (var group in jobs.OfType<QueuedJob>().GroupBy(job => (job.Schedd, Account: _options.Identity.Mode == IdentityMode.Token ? job.Ad.Account : "")))
            {
                await _queue.RemoveAsync(group.Key.Schedd, group.Key.Account, _constraint, [.. group.Select(job => job.Ad.Id)], cancellationToken);
            }
        }
        catch (ToolException exception)
        {
            throw Unavailable(exception);
        }
    }

    private static BackendUnavailableException Unavailable(ToolException exception) => new($"HTCondor does not answer: {exception.Message}", exception);

    private sealed record QueuedJob(Schedd Schedd, JobAd Ad, JobReport Report);
}
