using System.Globalization;
using System.Text;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Backends.Local.Tests;

/// <summary>A local backend with a world of its own, and what tests ask of it.</summary>
internal sealed class LocalHarness : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private LocalBackend? _backend;

    public LocalWorld World { get; } = new();

    public LocalBackend Backend => _backend ??= World.Create();

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public LocalHarness With(string key, string value)
    {
        World.Settings[key] = value;
        return this;
    }

    public JobStart Job(string script, string? name = null, params JobFile[] files)
    {
        name ??= Guid.NewGuid().ToString("N");
        return new JobStart
        {
            Name = name,
            Cluster = "cluster",
            Kind = JobKind.Worker,
            Attempt = 1,
            Spec = new ClusterSpec { SchedulerBackend = "test", Account = "nobody" },
            Resources = new JobResources(),
            Command = ["/bin/sh", "-c", script],
            Environment = new Dictionary<string, string> { ["W"] = World.Witness, ["N"] = name },
            Files = files,
        };
    }

    public async Task<StartOutcome> TryStartAsync(JobStart job) => Assert.Single(await Backend.StartAsync([job], Cancellation));

    public async Task<JobHandle> StartAsync(JobStart job) =>
        new(job.Name, Assert.IsType<StartOutcome.Started>(await TryStartAsync(job)).Handle);

    public Task<JobHandle> StartAsync(string script) => StartAsync(Job(script));

    public async Task<StopOutcome> StopAsync(JobHandle job) => Assert.Single(await Backend.StopAsync([job], Cancellation));

    public async Task<JobReport?> FindAsync(string name) => (await Backend.ListAsync(Cancellation)).Jobs.SingleOrDefault(job => job.Name == name);

    public async Task<JobReport> EndOfAsync(JobHandle job)
    {
        JobReport? report = null;
        await UntilAsync(async () => (report = await FindAsync(job.Name))?.State == JobState.Ended, "the job to end");
        return report!;
    }

    public async Task<string> OutputAsync(JobHandle job, JobOutput stream = JobOutput.Output)
    {
        var log = await Backend.ReadLogAsync(job, stream, 0, 1 << 20, Cancellation);
        return Encoding.UTF8.GetString(log!.Bytes.Span);
    }

    /// <summary>The lines that the job has written into its witness file, as numbers.</summary>
    public int[] Witnesses(string name)
    {
        var path = Path.Combine(World.Witness, name);
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
    }

    public async Task<int[]> WitnessesAsync(string name, int count = 1)
    {
        await UntilAsync(() => Task.FromResult(Witnesses(name).Length >= count), $"{count} witnesses of {name}");
        return Witnesses(name);
    }

    public string DirectoryOf(string name) => Path.Combine(World.Data, "jobs", name);

    /// <summary>Whether a process runs: a zombie does not.</summary>
    public static bool IsAlive(int pid) => ProcessStat.Read(pid) is { IsOver: false };

    public static Task UntilDeadAsync(int pid) => UntilAsync(() => Task.FromResult(!IsAlive(pid)), $"process {pid} to end");

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Waited {Patience.TotalSeconds} s for {what}.");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>The gateway ends and another begins.</summary>
    public async Task RestartAsync()
    {
        await ReleaseAsync();
        _backend = World.Create();
    }

    public async Task ReleaseAsync()
    {
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
            _backend = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        World.Settings["InterruptWait"] = World.Settings["TerminateWait"] = "00:00:00";
        _backend = World.Create();
        var jobs = (await Backend.ListAsync(CancellationToken.None)).Jobs.Select(job => new JobHandle(job.Name, null)).ToArray();
        await Backend.StopAsync(jobs, CancellationToken.None);
        await UntilAsync(
            async () => (await Backend.ListAsync(CancellationToken.None)).Jobs.All(job => job.State == JobState.Ended), "all jobs of the test to end");
        await Backend.CleanAsync(jobs, CancellationToken.None);
        await ReleaseAsync();
        World.Dispose();
    }
}
