using System.Diagnostics;
using System.Globalization;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Prints the figures of <c>docs/performance.md</c>; run with <c>-explicit only -showLiveOutput</c>.</summary>
public sealed class FigureTests(PoolFixture pool) : PoolTest(pool)
{
    // HTCondor rounds requests of memory up to as many MiB.
    private const int SmallestRequest = 128;

    [Fact(Explicit = true)]
    public async Task Submit_ThousandWorkersInOneOrOneByOne()
    {
        foreach (var (what, settings) in ((string, (string, string)[])[])[("folder", []), ("spool, token", PoolSettings.Token)])
        {
            var backend = Create([.. settings, ("Submit:Requirements", "False"), ("Queue:SubmissionsPerMinute", "1000")]);
            await StartAsync(backend, Job(Stay));
            var jobs = Workers(1000, "big");

            var together = await TimeAsync(() => backend.StartAsync(jobs, Cancellation));
            var alone = await TimeAsync(async () =>
            {
                for (var i = 0; i < 25; i++)
                {
                    await StartAsync(backend, Job(Stay, cluster: "small"));
                }
            });

            Say($"1000 workers, {what}: one submission {together.TotalSeconds:0.00} s; one by one {alone.TotalSeconds / 25 * 1000:0} s ({alone.TotalMilliseconds / 25:0} ms each): {alone.TotalSeconds / 25 * 1000 / together.TotalSeconds:0} times as long");
            var (handles, stop) = (jobs.Select(job => new JobHandle(job.Name, null)).ToList(), Stopwatch.StartNew());
            await backend.StopAsync(handles, Cancellation);
            Say($"1000 workers, {what}: stopped by name in {stop.Elapsed.TotalSeconds:0.00} s");
        }
    }

    [Fact(Explicit = true)]
    public async Task Start_Workers_UntilAllAreKnownAsRunning()
    {
        // As many as the machine claims to have room for, up to a thousand: POOL_CPUS=1000 POOL_MEMORY_MB=140000 for all of them.
        var (_, machine) = await Fixture.ExecAsync("root", "condor_status", "-af", "TotalCpus", "TotalMemory");
        var room = machine.Split((char[])[' ', '\n']).Take(2).Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToList();
        var count = (int)Math.Min(1000, Math.Min(room[0], room[1] / SmallestRequest));
        var backend = Create();
        var first = Job("date +%s.%N > \"$W/$N\"; exec sleep 900", cluster: "many");
        var jobs = Enumerable.Range(0, count).Select(i => $"{first.Name}-{i}").Select(name => first with { Name = name, Environment = new Dictionary<string, string>(first.Environment), Command = ["/bin/sh", "-c", "date +%s.%N > \"$W/$1\"; exec sleep 900", "sh", name] }).ToList();
        var known = new Dictionary<string, double>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        stop.CancelAfter(TimeSpan.FromMinutes(20));

        var watch = Stopwatch.StartNew();
        await backend.StartAsync(jobs, Cancellation);
        var submitted = watch.Elapsed;
        await foreach (var reports in backend.WatchAsync(stop.Token))
        {
            foreach (var report in reports.Where(report => report.State == JobState.Running))
            {
                known.TryAdd(report.Name, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
            }

            if (known.Count == count)
            {
                break;
            }
        }

        var lags = jobs.Where(job => Lines(job.Name).Length > 0).Select(job => known[job.Name] - double.Parse(Lines(job.Name)[0], CultureInfo.InvariantCulture)).Order().ToList();
        Say($"{count} workers: submitted after {submitted.TotalSeconds:0.00} s, all known as running (event log) after {watch.Elapsed.TotalSeconds:0.0} s; known {lags[lags.Count / 2]:0.00} s (median; 95 %: {lags[lags.Count * 95 / 100]:0.00} s) after each began");
        await backend.StopAsync([.. jobs.Select(job => new JobHandle(job.Name, null))], Cancellation);

        // A thousand running jobs take longer to end than a test's leavings may.
        while ((await backend.ListAsync(stop.Token)).Jobs.Count > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), stop.Token);
        }
    }

    [Fact(Explicit = true)]
    public async Task List_TenThousandJobs()
    {
        var backend = Create(("Submit:Requirements", "False"), ("Queue:IdleJobs", "20000"), ("Idle:AnalyzeAfter", "00:00:00"));
        for (var i = 0; i < 10; i++)
        {
            await backend.StartAsync(Workers(1000, $"big{i}"), Cancellation);
        }

        var times = new List<double>();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < 7; i++)
        {
            times.Add((await TimeAsync(async () => Assert.Equal(10_000, (await backend.ListAsync(Cancellation)).Jobs.Count))).TotalSeconds);
        }

        using var process = Process.GetCurrentProcess();
        Say($"a listing of 10000 jobs: median {times.Order().ElementAt(3):0.00} s, own CPU {(process.TotalProcessorTime - cpu).TotalSeconds / 7:0.000} s each");
    }

    // As the gateway starts them: what differs is their names and arguments.
    private List<JobStart> Workers(int count, string cluster)
    {
        var first = Job(Stay, cluster: cluster);
        return [.. Enumerable.Range(0, count).Select(i => first with { Name = $"{first.Name}-{i}", Command = [.. first.Command, "--name", $"{first.Name}-{i}"] })];
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> action)
    {
        var watch = Stopwatch.StartNew();
        await action();
        return watch.Elapsed;
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);
}
