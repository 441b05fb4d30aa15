using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>What happens to event logs on a real machine: hints go on as soon as there is a log again, and listings are right meanwhile.</summary>
public sealed class EventLogFaultTests(PoolFixture pool) : PoolTest(pool)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_TruncatedRotatedAndDeleted_TellsOfTheNextJob(bool schedds)
    {
        var global = Path.Combine(PoolFixture.Root, "var/log/condor/EventLog");
        var backend = Create(schedds ? [("EventLog:Path", global)] : []);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var heard = new HashSet<(string, JobState)>();
        var watching = WatchAsync(backend, heard, stop.Token);

        foreach (var act in (string[])["true", ": > \"$1\"", "mv \"$1\" \"$1.old\"", "rm -f \"$1\" \"$1.old\"", "cp -p \"$1\" \"$1.new\" && mv \"$1.new\" \"$1\"", "printf 'torn { \\n  \"Cluster\": 7' >> \"$1\"", "truncate -s 10 \"$1\""])
        {
            var job = Job("echo $$ >> \"$W/$N\"; sleep 1");
            await StartAsync(backend, job);
            // On a busy machine its start and its end may be read together, and only the latter told.
            await UntilAsync(() => Task.FromResult(Heard(heard, job)), () => $"news of a job before: {act}");
            var log = schedds ? global : Directory.EnumerateFiles(Path.Combine(Folder, "events"), "events-*.log").Single();

            await Fixture.ExecAsync("root", "sh", "-c", act, "sh", PoolBackend.Inside(log));
        }

        var last = Job("sleep 1; exit 4");
        var handle = await StartAsync(backend, last);
        // The news first: of a job that a listing has seen to end, the log has nothing new to tell.
        await UntilAsync(() => Task.FromResult(Heard(heard, last)), () => "news of the last job");
        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to end");
        Assert.Equal(4, report.ExitCode);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Log_WrittenWhileNobodyFollowed_IsMadeUpForByTheListing()
    {
        var job = Job("sleep 1; exit 6");
        var handle = await StartAsync(Create(), job);
        await UntilAsync(async () => await QueueAsync("true", "ClusterId") == "", () => "the job to leave the queue");

        var later = Create();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var heard = new HashSet<(string, JobState)>();
        var watching = WatchAsync(later, heard, stop.Token);

        Assert.Equal(6, (await UntilAsync(later, handle, report => report.State == JobState.Ended, "its end")).ExitCode);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        Assert.Empty(heard);
    }

    private static bool Heard(HashSet<(string, JobState)> heard, JobStart job)
    {
        lock (heard)
        {
            return heard.Contains((job.Name, JobState.Ended));
        }
    }

    private static async Task WatchAsync(IJobBackend backend, HashSet<(string, JobState)> heard, CancellationToken cancellationToken)
    {
        await foreach (var reports in backend.WatchAsync(cancellationToken))
        {
            lock (heard)
            {
                heard.UnionWith(reports.Select(report => (report.Name, report.State)));
            }
        }
    }
}
