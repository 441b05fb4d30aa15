using System.Globalization;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>A batch system in memory: jobs that wait, run, are held and end, and every way of answering late, wrongly or not at all that the contract allows.</summary>
internal sealed class Farm(string name, Action<string> violation) : IJobBackend
{
    private readonly List<FarmJob> _jobs = [];
    private readonly List<FarmJob> _stopped = [];
    private int _handles;

    public string? Node { get; init; }

    public TimeSpan ListPeriod => TimeSpan.FromSeconds(2);

    public bool ChecksAddressesAtOnce { get; set; }

    /// <summary>It answers nothing.</summary>
    public bool Out { get; set; }

    /// <summary>So many further calls take effect but are not answered.</summary>
    public int LostAnswers { get; set; }

    /// <summary>So many further starts are put off.</summary>
    public int Deferrals { get; set; }

    /// <summary>So many further starts are refused.</summary>
    public int Refusals { get; set; }

    /// <summary>Jobs that are told to end take their time.</summary>
    public bool Slow { get; set; }

    /// <summary>So many further stops are answered with "ending" and then forgotten.</summary>
    public int Forgotten { get; set; }

    /// <summary>Whether ended jobs stay in the listing; otherwise they vanish from it.</summary>
    public bool ShowsEnded { get; set; }

    /// <summary>A job on whose start the backend fails as it never should.</summary>
    public string? Poison { get; set; }

    /// <summary>What every job has written; null: nothing.</summary>
    public byte[]? Log { get; set; }

    public bool LogLengthKnown { get; set; } = true;

    public Exception? LogFailure { get; set; }

    /// <summary>Scopes that do not answer.</summary>
    public HashSet<string> Unreachable { get; set; } = [];

    public List<string> Cleaned { get; } = [];

    /// <summary>What is told before a listing.</summary>
    public IReadOnlyList<JobReport> Hints { get; set; } = [];

    /// <summary>How many jobs each call asked for.</summary>
    public List<int> StartCalls { get; } = [];

    /// <summary>How many jobs each call was to stop.</summary>
    public List<int> StopCalls { get; } = [];

    /// <summary>Names of jobs that may exist twice in a row: their start came late from a process that had been frozen.</summary>
    public HashSet<string> Ghosts { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether a start about to be executed comes from a process that was frozen past its claim.</summary>
    public bool Thawing { get; set; }

    public IReadOnlyList<FarmJob> Jobs => _jobs;

    public IEnumerable<FarmJob> Living => _jobs.Where(j => j.State != JobState.Ended);

    public FarmJob? Find(string job) => _jobs.LastOrDefault(j => j.Name == job);

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<StartOutcome>>(() =>
        {
            StartCalls.Add(jobs.Count);
            return [.. jobs.Select(Start)];
        });

    public Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<StopOutcome>>(() =>
        {
            StopCalls.Add(jobs.Count);
            return [.. jobs.Select(Stop)];
        });

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) => Answer(() => new JobListing(
        [.. _jobs.Where(j => j.State != JobState.Ended || ShowsEnded).Select(j => j.Report())],
        Unreachable));

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<JobReport>>(() => [.. _jobs.Where(j => jobs.Any(h => h.Handle == j.Handle) && j.ExitCode is not null).Select(j => j.Report())]);

    /// <summary>A check of an address takes until this ends.</summary>
    public Task? Checking { get; set; }

    public async Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        await (Checking?.WaitAsync(cancellationToken) ?? Task.CompletedTask);
        return await CheckAsync(job, host);
    }

    private Task<AddressVerdict> CheckAsync(JobHandle job, string host) => Answer(() => Find(job.Name) switch
    {
        { State: JobState.Running, Host: { } at } => at == host ? AddressVerdict.Yes : AddressVerdict.No,
        { State: JobState.Ended } => AddressVerdict.No,
        _ => AddressVerdict.NotYet,
    });

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => Answer(() =>
    {
        if (LogFailure is not null)
        {
            throw LogFailure;
        }

        if (Log is null)
        {
            return null;
        }

        int start = (int)(offset < 0 ? Math.Max(0, Log.Length + offset) : Math.Min(offset, Log.Length));
        int count = Math.Min(max, Log.Length - start);
        return new JobLog(Log.AsMemory(start, count), start + count, LogLengthKnown ? Log.Length : null);
    });

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Answer(() =>
    {
        Cleaned.AddRange(jobs.Select(j => j.Name));
        return true;
    });

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        if (Hints.Count > 0)
        {
            yield return Hints;
        }
    }

    /// <summary>A job with this gateway's identity that no row knows.</summary>
    public void AddStray(string job) => _jobs.Add(new FarmJob(
        new JobStart
        {
            Name = job,
            Cluster = job,
            Kind = JobKind.Worker,
            Attempt = 1,
            Spec = new ClusterSpec { SchedulerBackend = name, Account = "nobody" },
            Resources = new JobResources(),
            Command = [],
            Environment = new Dictionary<string, string>(),
            Files = [],
        },
        $"{name}.{++_handles}"));

    /// <summary>Jobs ended by the gateway since the last time.</summary>
    public IReadOnlyList<FarmJob> TakeEnded()
    {
        FarmJob[] ended = [.. _stopped];
        _stopped.Clear();
        return ended;
    }

    public static void End(FarmJob job, int? exitCode, string? reason = null)
    {
        if (job.State != JobState.Ended)
        {
            (job.State, job.ExitCode, job.Reason) = (JobState.Ended, exitCode, reason);
        }
    }

    private StartOutcome Start(JobStart start)
    {
        if (start.Name == Poison)
        {
            throw new InvalidOperationException("A backend must not do this.");
        }

        var known = Find(start.Name);
        if (known is not null && start.Attempt == 1 && !Thawing && !Ghosts.Contains(start.Name))
        {
            violation($"{start.Name} exists, and its start says that it is the first try");
        }

        if (known is { State: not JobState.Ended } || (known is not null && start.Attempt > 1))
        {
            return new StartOutcome.Started(known.Handle, known.State);
        }

        if (Deferrals > 0 && Deferrals-- > 0)
        {
            return new StartOutcome.Deferred(TimeSpan.FromSeconds(3), "The queue is full.");
        }

        if (Refusals > 0 && Refusals-- > 0)
        {
            return new StartOutcome.Refused("The farm does not take it.");
        }

        if (Thawing)
        {
            Ghosts.Add(start.Name);
        }

        _jobs.Add(new FarmJob(start, $"{name}.{++_handles}"));
        return new StartOutcome.Started(_jobs[^1].Handle);
    }

    private StopOutcome Stop(JobHandle handle)
    {
        var job = _jobs.FirstOrDefault(j => j.Handle == handle.Handle && j.State != JobState.Ended) ?? (handle.Handle is null ? Find(handle.Name) : null);
        if (job is null or { State: JobState.Ended })
        {
            return StopOutcome.Gone;
        }

        if (Forgotten > 0 && Forgotten-- > 0)
        {
            return StopOutcome.Ending;
        }

        if (Slow)
        {
            job.Told = true;
            return StopOutcome.Ending;
        }

        End(job, 143);
        _stopped.Add(job);
        return StopOutcome.Gone;
    }

    private Task<T> Answer<T>(Func<T> call)
    {
        if (Out)
        {
            throw new BackendUnavailableException($"{name} is out.");
        }

        var answer = call();
        return LostAnswers > 0 && LostAnswers-- > 0 ? throw new BackendUnavailableException($"{name} was not heard.") : Task.FromResult(answer);
    }

    internal sealed class FarmJob(JobStart start, string handle)
    {
        public string Name => start.Name;

        public string Cluster => start.Cluster;

        public JobKind Kind => start.Kind;

        public string Handle => handle;

        public JobState State { get; set; }

        public string? Host { get; set; }

        public int? ExitCode { get; set; }

        public string? Reason { get; set; }

        /// <summary>It has been told to end.</summary>
        public bool Told { get; set; }

        public void Run(int host) => (State, Host, Reason) = (JobState.Running, string.Create(CultureInfo.InvariantCulture, $"10.0.0.{host}"), null);

        public JobReport Report() => new() { Name = Name, Cluster = Cluster, Kind = Kind, Handle = Handle, State = State, Host = Host, ExitCode = ExitCode, Reason = Reason };
    }
}
