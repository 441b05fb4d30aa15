using System.Runtime.CompilerServices;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor;

/// <summary>Jobs in HTCondor.</summary>
internal sealed partial class HTCondorBackend : IJobBackend, IDisposable
{
    private readonly HTCondorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CondorTools _tools;
    private readonly ScheddPool _schedds;
    private readonly Impersonation _identity;
    private readonly Constraint _constraint;
    private readonly CondorQueue _queue;
    private readonly ClusterFiles _files;
    private readonly JobPreparer _preparer;
    private readonly JobStarter _starter;

    public HTCondorBackend(HTCondorOptions options, SubmitLayers layers, BackendContext context)
    {
        _options = options;
        _time = context.Time;
        _logger = context.Loggers.CreateLogger<HTCondorBackend>();
        var metrics = new ToolMetrics(context.Meters, context.Instance);
        var privateFiles = new PrivateFiles(options.Folder, options.Files);
        _files = new ClusterFiles(privateFiles);
        _tools = new CondorTools(options, _time, metrics, context.Loggers.CreateLogger<CondorTools>());
        _schedds = new ScheddPool(options, _tools, _time);
        _identity = new Impersonation(options, privateFiles, _tools, _time);
        _constraint = new Constraint(options, context);
        _queue = new CondorQueue(options, _tools, _schedds, _identity);
        _preparer = new JobPreparer(
            options, layers, new UserFields(options, layers), new JobTemplate(options, context), _files, new Credentials(options, _tools, _time), _identity, _tools);
        _starter = new JobStarter(
            options,
            _preparer,
            new Submitter(options, _tools, _schedds, _identity, metrics),
            new Adoption(options, _queue, _constraint, _schedds, _time, context.Loggers.CreateLogger<Adoption>()),
            _schedds,
            () => null,
            _time,
            context.Loggers.CreateLogger<JobStarter>());
    }

    public string? Node => null;

    public TimeSpan ListPeriod => _options.ListPeriod;

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) => _starter.StartAsync(jobs, cancellationToken);

    public async Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var located = await LocateAsync(jobs, cancellationToken);
        var left = await RemoveAsync(located.OfType<CondorHandle>(), cancellationToken);
        return [.. located.Select(handle => handle is not null && left.Contains((handle.Scope, handle.Id)) ? StopOutcome.Ending : StopOutcome.Gone)];
    }

    public async Task<JobListing> ListAsync(CancellationToken cancellationToken)
    {
        var reports = new List<JobReport>();
        var silent = new Dictionary<string, ToolException>();
        var listings = await Task.WhenAll(_schedds.All.Select(async schedd =>
        {
            try
            {
                return (schedd, Ads: await _queue.QueryAsync(schedd, _constraint.All(), cancellationToken), Failure: (ToolException?)null);
            }
            catch (ToolException exception)
            {
                return (schedd, [], exception);
            }
        }));
        foreach (var (schedd, ads, failure) in listings)
        {
            if (failure is not null)
            {
                silent[schedd.Scope] = failure;
                continue;
            }

            schedd.Listed(ads.Count(ad => ad.Status == 1));
            var waiting = WaitingExplainer.Explain(ads, _ => null);
            reports.AddRange(ads.Select(ad => JobExplainer.Report(ad, schedd.Scope, waiting.GetValueOrDefault(ad.Id))));
        }

        if (silent.Count == _schedds.All.Count)
        {
            throw Unavailable(silent.Values.First());
        }

        return new JobListing(reports, silent.Keys.ToHashSet());
    }

    public async Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var handles = (await LocateAsync(jobs, cancellationToken)).OfType<CondorHandle>().ToList();
        var reports = new List<JobReport>();
        foreach (var group in handles.GroupBy(handle => handle.Scope))
        {
            if (_schedds.Find(group.Key) is not { } schedd)
            {
                continue;
            }

            try
            {
                var ads = await _queue.HistoryAsync(schedd, _constraint.Ids(group.Select(handle => handle.Id)), group.Count(), cancellationToken);
                reports.AddRange(ads.Select(ad => JobExplainer.Report(ad, schedd.Scope)));
            }
            catch (ToolException exception)
            {
                throw Unavailable(exception);
            }
        }

        return reports;
    }

    public Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, int port, CancellationToken cancellationToken) => Task.FromResult(AddressVerdict.NotYet);

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => Task.FromResult<JobLog?>(null);

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Task.CompletedTask;

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield break;
    }

    public void Dispose()
    {
        _schedds.Dispose();
        _identity.Dispose();
        _tools.Dispose();
    }

    /// <summary>Handles of jobs, in order: those whose start was never confirmed are looked for by name. Null: there is no such job.</summary>
    private async Task<IReadOnlyList<CondorHandle?>> LocateAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var unknown = jobs.Where(job => CondorHandle.Parse(job.Handle) is null).Select(job => job.Name).ToList();
        var byName = new Dictionary<string, CondorHandle>();
        if (unknown.Count > 0)
        {
            var (found, silent) = await _queue.FindAsync(_constraint, unknown, cancellationToken);
            if (silent.Count > 0)
            {
                throw Unavailable(silent.Values.First());
            }

            foreach (var (schedd, ad) in found)
            {
                byName.TryAdd(ad.Name, new CondorHandle(schedd.Scope, ad.Id, ad.Account, ad.Cluster));
            }
        }

        return [.. jobs.Select(job => CondorHandle.Parse(job.Handle) ?? byName.GetValueOrDefault(job.Name))];
    }

    private async Task<IReadOnlySet<(string Scope, JobId Id)>> RemoveAsync(IEnumerable<CondorHandle> handles, CancellationToken cancellationToken)
    {
        var left = new HashSet<(string, JobId)>();
        try
        {
            foreach (var group in handles.GroupBy(handle => handle.Scope))
            {
                if (_schedds.Find(group.Key) is not { } schedd)
                {
                    throw new BackendUnavailableException($"The schedd {group.Key} is not configured any more: its jobs cannot be stopped.");
                }

                // A token is one account's; otherwise one call may remove everybody's.
                foreach (var account in group.GroupBy(handle => _options.Identity.Mode == IdentityMode.Token ? handle.Account : ""))
                {
                    await _queue.RemoveAsync(schedd, account.Key, _constraint, [.. account.Select(handle => handle.Id)], force: false, cancellationToken);
                }

                foreach (var some in group.Select(handle => handle.Id).Chunk(2000))
                {
                    var ads = await _queue.QueryAsync(schedd, _constraint.Ids(some), cancellationToken);
                    left.UnionWith(ads.Where(ad => JobExplainer.Report(ad, schedd.Scope).State != JobState.Ended).Select(ad => (schedd.Scope, ad.Id)));
                }
            }
        }
        catch (ToolException exception)
        {
            throw Unavailable(exception);
        }

        return left;
    }

    private static BackendUnavailableException Unavailable(ToolException exception) => new($"HTCondor does not answer: {exception.Message}", exception);
}
