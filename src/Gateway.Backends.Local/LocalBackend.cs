using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Addresses;
using Gateway.Backends.Local.Jobs;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local;

/// <summary>Runs jobs as processes of this machine. They outlive the gateway, and are found again by their directories.</summary>
internal sealed partial class LocalBackend : IJobBackend, IAsyncDisposable
{
    private static readonly TimeSpan StartingPoll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StartingLongest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StartingAgain = TimeSpan.FromSeconds(1);
    private static readonly int Parallel = Math.Clamp(Environment.ProcessorCount, 2, 16);

    private readonly LocalOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AccountChoice _accounts;
    private readonly JobTable _table;
    private readonly JobStarter _starter;
    private readonly JobEnder _ender;
    private readonly JobLogs _logs;
    private readonly Trash _trash;
    private readonly AddressCheck _addresses;
    private readonly Lock _watchersLock = new();
    private readonly HashSet<Channel<IReadOnlyList<JobReport>>> _watchers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _recovered;
    private readonly Task _upkeep;

    public LocalBackend(BackendContext context, LocalOptions options, LocalFolders folders, uint user)
    {
        (_options, _time, Node) = (options, context.Time, context.Node);
        _logger = context.Loggers.CreateLogger<LocalBackend>();
        var tool = options.RunAs == RunAs.Account ? AccountChange.Tool() : null;
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        _accounts = new AccountChoice(options, user, context.Time);
        _table = new JobTable(folders.Jobs, context.GatewayId, boot, options, context.Time, _logger);
        _table.Ended += Announce;
        _trash = new Trash(folders.Trash, tool, context.Time, _logger);
        _starter = new JobStarter(_table, _trash, options, context.GatewayId, tool, context.Time, _logger);
        _ender = new JobEnder(_table, options, boot, context.Time, _logger);
        _logs = new JobLogs(options.MaxLogSize, _logger);
        _addresses = new AddressCheck(context.Time);
        _recovered = Task.Run(Recover);
        _upkeep = Task.Run(UpkeepAsync);
    }

    public string? Node { get; }

    public bool UsesAccounts => _options.RunAs == RunAs.Account;

    private string Machine => Node!;

    public TimeSpan ListPeriod => _options.ListPeriod;

    public bool ChecksAddressesAtOnce => true;

    public async Task<string?> CheckSpecAsync(ClusterSpec spec, CancellationToken cancellationToken) =>
        JobEnvironment.Problem(spec.Environment) ?? ((await _accounts.OfAsync(spec.Account, cancellationToken)).Refusal as StartOutcome.Refused)?.Reason;

    public async Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken)
    {
        await _recovered.WaitAsync(cancellationToken);
        var outcomes = new StartOutcome[jobs.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            jobs.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (i, token) => outcomes[i] = await StartAsync(jobs[i], token));
        return outcomes;
    }

    public async Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        await _recovered.WaitAsync(cancellationToken);
        return await AskAsync(() => jobs.Select(Stop).ToArray(), cancellationToken);
    }

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) =>
        AskAsync(() => new JobListing([.. _table.All().Select(job => job.Report(Machine))], new HashSet<string>()), cancellationToken);

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<JobReport>>(() => [.. jobs.Select(Find).OfType<LocalJob>().Select(job => job.Report(Machine))], cancellationToken);

    public async Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken) =>
        await AskLongAsync(async () => Find(job) is { } found ? await _addresses.CheckAsync(found, host, ports, cancellationToken) : AddressVerdict.No, cancellationToken);

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        return AskAsync(() => Find(job) is { } found ? JobLogs.Read(found, stream, offset, max) : null, cancellationToken);
    }

    public async Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        var taken = await AskAsync(() => jobs.Select(Take).OfType<string>().ToArray(), cancellationToken);
        foreach (var path in taken)
        {
            await _trash.DeleteAsync(path, cancellationToken);
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A hint may be lost: who does not listen is not waited for.
        var channel = Channel.CreateBounded<IReadOnlyList<JobReport>>(
            new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_watchersLock)
        {
            _watchers.Add(channel);
        }

        try
        {
            await foreach (var reports in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return reports;
            }
        }
        finally
        {
            lock (_watchersLock)
            {
                _watchers.Remove(channel);
            }
        }
    }

    /// <summary>Ends our watching, not the jobs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _recovered;
        await _upkeep;
        await _ender.DisposeAsync();
        await _table.DisposeAsync();
        lock (_watchersLock)
        {
            foreach (var channel in _watchers)
            {
                channel.Writer.TryComplete();
            }
        }

        _stop.Dispose();
    }

    private async Task<StartOutcome> StartAsync(JobStart start, CancellationToken cancellationToken)
    {
        if (JobCheck.Problem(start, _options) is { } problem)
        {
            return new StartOutcome.Refused(problem);
        }

        var (account, refusal) = await _accounts.OfAsync(start.Spec.Account, cancellationToken);
        if (account is null)
        {
            return refusal!;
        }

        var began = _time.GetTimestamp();
        while (_time.GetElapsedTime(began) < StartingLongest)
        {
            if (_starter.TryStart(start, account) is { } outcome)
            {
                return outcome;
            }

            await Task.Delay(StartingPoll, _time, cancellationToken);
        }

        return new StartOutcome.Deferred(StartingAgain, "An earlier try to start this job is not through yet.");
    }

    private StopOutcome Stop(JobHandle handle)
    {
        lock (_table.Gate(handle.Name))
        {
            if (Find(handle) is not { End: null } job)
            {
                return StopOutcome.Gone;
            }

            _ender.Begin(job);
            return StopOutcome.Ending;
        }
    }

    private string? Take(JobHandle handle)
    {
        lock (_table.Gate(handle.Name))
        {
            if (Find(handle) is not { } job)
            {
                return null;
            }

            if (job.End is null)
            {
                LogNotOver(handle.Name);
                return null;
            }

            _table.Remove(job);
            return Directory.Exists(job.Directory.Path) ? _trash.Take(job.Directory.Path) : null;
        }
    }

    private LocalJob? Find(JobHandle handle) =>
        _table.Find(handle.Name) is { } job && (handle.Handle is null || handle.Handle == job.Record.Handle) ? job : null;

    private void Announce(IReadOnlyList<LocalJob> jobs)
    {
        IReadOnlyList<JobReport> reports = [.. jobs.Select(job => job.Report(Machine))];
        lock (_watchersLock)
        {
            foreach (var channel in _watchers)
            {
                channel.Writer.TryWrite(reports);
            }
        }
    }

    /// <summary>Asks the machine off the caller's thread: a disk may be slow, or hang for good.</summary>
    private static Task<T> AskAsync<T>(Func<T> question, CancellationToken cancellationToken) =>
        AskLongAsync(() => Task.FromResult(question()), cancellationToken);

    private static async Task<T> AskLongAsync<T>(Func<Task<T>> question, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(question, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackendUnavailableException($"The folder of the local jobs cannot be used: {e.Message}", e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Job {JobName} is not over and was not cleaned")]
    private partial void LogNotOver(string jobName);
}
