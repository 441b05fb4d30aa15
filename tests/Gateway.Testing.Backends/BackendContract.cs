using System.Diagnostics;
using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Testing.Backends;

/// <summary>What every backend promises, run against the real thing: a backend's test project inherits it and says how its backend is made.</summary>
/// <remarks>
/// The jobs are <c>/bin/sh</c> scripts that write one line per start into <see cref="WitnessFolder"/>, which the test reads:
/// the only way to know for certain how often something ran.
/// </remarks>
public abstract partial class BackendContract : IAsyncLifetime
{
    private readonly List<JobHandle> _started = [];

    /// <summary>A folder, as the test sees it, that both test and jobs can write.</summary>
    protected abstract string WitnessFolder { get; }

    /// <summary>The same folder as the jobs see it.</summary>
    protected virtual string WitnessFolderInJob => WitnessFolder;

    /// <summary>How long a batch system may take for one step: start, end or show a job.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(60);

    /// <summary>The backend under test. <see cref="RestartAsync"/> replaces it.</summary>
    protected IJobBackend Backend { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await PrepareAsync();
        Backend = await CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Backend is not null)
        {
            await Backend.StopAsync(_started, CancellationToken.None);
            foreach (var job in _started)
            {
                await WaitAsync(async () => await FindAsync(job.Name) is not { State: not JobState.Ended }, $"{job.Name} to end after the test");
            }

            await Backend.CleanAsync(_started, CancellationToken.None);
            await ReleaseAsync(Backend);
        }

        await TearDownAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes whatever backends of this test share; once, before the first backend.</summary>
    protected virtual ValueTask PrepareAsync() => ValueTask.CompletedTask;

    /// <summary>Makes a backend as a gateway does when it starts; every one of a test has the same gateway identity and data folder.</summary>
    protected abstract ValueTask<IJobBackend> CreateAsync();

    /// <summary>Removes what <see cref="PrepareAsync"/> made.</summary>
    protected virtual ValueTask TearDownAsync() => ValueTask.CompletedTask;

    /// <summary>Kills one process of a job without asking its batch system.</summary>
    /// <param name="pid">As the job itself sees it.</param>
    protected virtual ValueTask KillProcessAsync(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        return ValueTask.CompletedTask;
    }

    /// <summary>Changes a job as this backend needs it (requirements, account).</summary>
    protected virtual JobStart Adapt(JobStart job) => job;

    /// <summary>Forgets the backend, as the end of a gateway does, and makes another.</summary>
    protected async Task RestartAsync()
    {
        await ReleaseAsync(Backend);
        Backend = await CreateAsync();
    }

    /// <summary>A job that runs a shell script; <c>$W</c> is the witness folder.</summary>
    protected JobStart Job(string script, string? name = null, int attempt = 1, params JobFile[] files)
    {
        var cluster = Guid.NewGuid().ToString("N");
        name ??= cluster;
        return Adapt(new JobStart
        {
            Name = name,
            Cluster = name,
            Kind = JobKind.Scheduler,
            Attempt = attempt,
            Spec = new ClusterSpec { SchedulerBackend = "contract", Account = Environment.UserName },
            Resources = new JobResources { Memory = 64L << 20 },
            Command = ["/bin/sh", "-c", script],
            Environment = new Dictionary<string, string> { ["W"] = WitnessFolderInJob, ["N"] = name },
            Files = files,
        });
    }

    /// <summary>A script that leaves its process id as one line of witness and then stays.</summary>
    protected const string Stay = "echo $$ >> \"$W/$N\"; exec sleep 600";

    protected async Task<JobHandle> StartAsync(JobStart job)
    {
        var outcome = Assert.Single(await StartAllAsync([job]));
        return new JobHandle(job.Name, Assert.IsType<StartOutcome.Started>(outcome).Handle);
    }

    protected async Task<IReadOnlyList<StartOutcome>> StartAllAsync(IReadOnlyList<JobStart> jobs)
    {
        _started.AddRange(jobs.Select(job => new JobHandle(job.Name, null)));
        var outcomes = await Backend.StartAsync(jobs, Cancellation);
        Assert.Equal(jobs.Count, outcomes.Count);
        return outcomes;
    }

    /// <summary>What the backend says of a job: from its listing, else from its description.</summary>
    protected async Task<JobReport?> FindAsync(string name, string? handle = null)
    {
        var listing = await Backend.ListAsync(CancellationToken.None);
        return listing.Jobs.SingleOrDefault(job => job.Name == name)
            ?? (await Backend.DescribeAsync([new JobHandle(name, handle)], CancellationToken.None)).SingleOrDefault();
    }

    /// <summary>Waits for a job to be over; null when nothing is known of it any more.</summary>
    protected async Task<JobReport?> WaitForEndAsync(JobHandle job)
    {
        JobReport? report = null;
        await WaitAsync(async () => (report = await FindAsync(job.Name, job.Handle)) is null or { State: JobState.Ended }, $"{job.Name} to end");
        return report;
    }

    /// <summary>Waits for a job's script to have begun, and returns its process ids, one per start.</summary>
    protected async Task<int[]> WaitForStartAsync(string name)
    {
        await WaitAsync(() => Task.FromResult(Witnesses(name).Length > 0), $"{name} to start");
        return Witnesses(name);
    }

    /// <summary>The complete lines that a job has written into its witness file.</summary>
    protected int[] Witnesses(string name)
    {
        var path = Path.Combine(WitnessFolder, name);
        if (!File.Exists(path))
        {
            return [];
        }

        var text = File.ReadAllText(path);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    }

    protected async Task<string> ReadAllAsync(JobHandle job, JobOutput stream)
    {
        var bytes = new MemoryStream();
        for (var offset = 0L; ;)
        {
            var log = await Backend.ReadLogAsync(job, stream, offset, 4096, Cancellation);
            if (log is null or { Bytes.Length: 0 })
            {
                return Encoding.UTF8.GetString(bytes.ToArray());
            }

            bytes.Write(log.Bytes.Span);
            offset = log.NextOffset;
        }
    }

    /// <summary>Waits for a condition, and fails with its name when it does not come.</summary>
    protected async Task WaitAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
            {
                Assert.Fail($"Waited {Patience.TotalSeconds:0} s for {what}.");
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async ValueTask ReleaseAsync(IJobBackend backend)
    {
        if (backend is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
