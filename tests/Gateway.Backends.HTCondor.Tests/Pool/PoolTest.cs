using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Testing;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>A test against the real pool: jobs are shell scripts that leave lines in a folder.</summary>
public abstract class PoolTest(PoolFixture pool) : IAsyncLifetime
{
    /// <summary>Leaves its process id and stays.</summary>
    protected const string Stay = "echo $$ >> \"$W/$N\"; exec sleep 600";

    private readonly List<IJobBackend> _backends = [];
    private readonly PoolBackend _pool = new(pool);

    protected PoolFixture Fixture => pool;

    protected string Witness => _pool.Witness;

    protected string Folder => _pool.Folder;

    protected string GatewayId => _pool.GatewayId;

    protected IReadOnlyList<string> Logs => _pool.Logs;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await pool.RequireAsync();
        _pool.Prepare();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in _backends)
        {
            await ((IAsyncDisposable)backend).DisposeAsync();
        }

        if (pool.Gateway.Length > 0)
        {
            string[] mine = ["-constraint", $"DaskGatewayId == \"{_pool.GatewayId}\""];
            if ((await pool.ExecAsync("root", ["condor_rm", .. mine])).ExitCode != 0 || (await pool.ExecAsync("root", ["condor_rm", "-forcex", .. mine])).ExitCode != 0)
            {
                // A schedd that was killed a moment ago, for one, would leave them to the next test; or there is none.
                await HTCondorPool.ClearAsync();
            }
        }

        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    protected IJobBackend Create(params (string Key, string Value)[] settings)
    {
        var backend = _pool.Create(settings);
        _backends.Add(backend);
        return backend;
    }

    /// <summary>A backend with a clock of its own.</summary>
    protected IJobBackend Create(TimeProvider time, params (string Key, string Value)[] settings)
    {
        var backend = _pool.Create(time, settings);
        _backends.Add(backend);
        return backend;
    }

    protected JobStart Job(string script, string account = "alice", string? cluster = null, int attempt = 1, ClusterSpec? spec = null)
    {
        cluster ??= "c" + Guid.NewGuid().ToString("N");
        var name = $"{cluster}-{Guid.NewGuid().ToString("N")[..8]}";
        return new JobStart
        {
            Name = name,
            Cluster = cluster,
            Kind = JobKind.Worker,
            Attempt = attempt,
            Spec = (spec ?? new ClusterSpec { SchedulerBackend = "farm", Account = account }) with { Account = account },
            Resources = new JobResources { Memory = 32L << 20 },
            Command = ["/bin/sh", "-c", script],
            Environment = new Dictionary<string, string> { ["W"] = _pool.WitnessInJob, ["N"] = name },
            Files = [new JobFile("api-token", "s3cret"u8.ToArray())],
        };
    }

    protected static async Task<JobHandle> StartAsync(IJobBackend backend, JobStart job)
    {
        var outcome = Assert.Single(await backend.StartAsync([job], Cancellation));
        return new JobHandle(job.Name, Assert.IsType<StartOutcome.Started>(outcome).Handle);
    }

    protected string[] Lines(string name)
    {
        var path = Path.Combine(Witness, name);
        return File.Exists(path) ? File.ReadAllLines(path) : [];
    }

    protected static async Task<JobReport?> FindAsync(IJobBackend backend, JobHandle job)
    {
        try
        {
            var listed = (await backend.ListAsync(Cancellation)).Jobs.SingleOrDefault(report => report.Name == job.Name);
            return listed ?? (await backend.DescribeAsync([job], Cancellation)).SingleOrDefault();
        }
        catch (BackendUnavailableException)
        {
            return null;
        }
    }

    protected static async Task<JobReport> UntilAsync(IJobBackend backend, JobHandle job, Func<JobReport, bool> condition, string what)
    {
        JobReport? last = null;
        await UntilAsync(async () => (last = await FindAsync(backend, job)) is { } report && condition(report), () => $"{what}; last seen: {last}");
        return last!;
    }

    protected static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90), TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Waited 90 s for {what()}");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }

    protected Task UntilStartedAsync(JobStart job) => UntilAsync(() => Task.FromResult(Lines(job.Name).Length > 0), () => $"{job.Name} to run");

    protected async Task<string> QueueAsync(string constraint, params string[] attributes) =>
        (await pool.ExecAsync("root", ["condor_q", "-allusers", "-constraint", $"DaskGatewayId == \"{_pool.GatewayId}\" && ({constraint})", "-af:r", .. attributes])).Output.Trim();

    /// <summary>Runs a line of shell in the pool with <c>$all</c> set to the processes of a daemon.</summary>
    protected async Task<string> InPoolAsync(string daemon, string line) =>
        (await pool.ExecAsync("root", "sh", "-c", $"all='{string.Join(' ', await HTCondorPool.ProcessesAsync(daemon))}'; {line}; true")).Output;
}
