using System.Diagnostics;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Prints the figures of <c>docs/htcondor.md</c>; run with <c>-explicit only -showLiveOutput</c>.</summary>
public sealed class FigureTests(PoolFixture pool) : PoolTest(pool)
{
    [Fact(Explicit = true)]
    public async Task Submit_ThousandWorkersInOneOrOneByOne()
    {
        foreach (var (what, settings) in ((string, (string, string)[])[])[("folder", []), ("spool, token", PoolSettings.Token)])
        {
            var backend = Create([.. settings, ("Submit:Requirements", "False"), ("Limits:SubmissionsPerMinute", "1000")]);
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
    public async Task Start_SixtyWorkers_UntilAllAreKnownAsRunning()
    {
        var backend = Create();
        var jobs = Enumerable.Range(0, 60).Select(_ => Job(Stay, cluster: "sixty")).ToList();
        var names = jobs.Select(job => job.Name).ToHashSet();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        stop.CancelAfter(TimeSpan.FromMinutes(3));

        var watch = Stopwatch.StartNew();
        await backend.StartAsync(jobs, Cancellation);
        var submitted = watch.Elapsed;
        await foreach (var reports in backend.WatchAsync(stop.Token))
        {
            names.ExceptWith(reports.Where(report => report.State == JobState.Running).Select(report => report.Name));
            if (names.Count == 0)
            {
                break;
            }
        }

        Say($"60 workers: submitted after {submitted.TotalSeconds:0.00} s, all known as running (event log) after {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact(Explicit = true)]
    public async Task List_TenThousandJobs()
    {
        var backend = Create(("Submit:Requirements", "False"), ("Limits:IdleJobs", "20000"), ("Idle:AnalyzeAfter", "00:00:00"));
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
