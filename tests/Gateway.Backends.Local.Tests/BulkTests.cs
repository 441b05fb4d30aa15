using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>They count what the whole process has open.</summary>
[CollectionDefinition(nameof(BulkTests), DisableParallelization = true)]
public sealed class BulkTestsRunAlone;

/// <summary>Many jobs at once, and limits.</summary>
[Collection(nameof(BulkTests))]
public sealed class BulkTests
{
    [Fact]
    public async Task Start_200AtOnce_AllRunAndNothingIsLeftOfUsAfterwards()
    {
        await using var local = new LocalHarness();
        var first = await local.StartAsync("true");
        await local.EndOfAsync(first);
        var jobs = Enumerable.Range(0, 200).Select(_ => local.Job("echo $$ >> \"$W/$N\"; exec sleep 600")).ToArray();

        var outcomes = await local.Backend.StartAsync(jobs, LocalHarness.Cancellation);
        var handles = jobs.Zip(outcomes, (job, outcome) => new JobHandle(job.Name, Assert.IsType<StartOutcome.Started>(outcome).Handle)).ToArray();
        foreach (var job in jobs)
        {
            Assert.Single(await local.WitnessesAsync(job.Name));
        }

        Assert.Equal(200, (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs.Count(job => job.State == JobState.Running));
        Assert.True(PidDescriptors() >= 200, "a running job is watched through a descriptor");
        var supervisors = jobs.Select(job => SupervisorOf(local, job.Name)).ToArray();
        Assert.All(await local.Backend.StopAsync(handles, LocalHarness.Cancellation), outcome => Assert.Equal(StopOutcome.Ending, outcome));
        await LocalHarness.UntilAsync(
            async () => (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs.All(job => job.State == JobState.Ended), "all jobs to end");
        await local.Backend.CleanAsync(handles, LocalHarness.Cancellation);

        Assert.Equal([first.Name], (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs.Select(job => job.Name));
        Assert.Equal(0, PidDescriptors());
        Assert.Empty(LocksOf(local));
        Assert.DoesNotContain(supervisors, supervisor => ProcessStat.Read(supervisor.Pid)?.Start == supervisor.Start);
    }

    [Fact]
    public async Task Start_SameNameManyTimesAtOnce_RunsOnce()
    {
        await using var local = new LocalHarness();
        var job = local.Job("echo $$ >> \"$W/$N\"; exec sleep 600");

        var outcomes = await local.Backend.StartAsync([.. Enumerable.Repeat(job, 20)], LocalHarness.Cancellation);

        Assert.Single(outcomes.Cast<StartOutcome.Started>().Select(outcome => outcome.Handle).Distinct());
        Assert.Single(await local.WitnessesAsync(job.Name));
    }

    [Fact]
    public async Task Start_SameNameInTwoGatewaysAtOnce_RunsOnce()
    {
        await using var local = new LocalHarness();
        await using var twin = local.World.Create();
        var jobs = Enumerable.Range(0, 20).Select(_ => local.Job("echo $$ >> \"$W/$N\"; exec sleep 600")).ToArray();

        var both = await Task.WhenAll(local.Backend.StartAsync(jobs, LocalHarness.Cancellation), twin.StartAsync(jobs, LocalHarness.Cancellation));

        foreach (var (job, one, other) in jobs.Zip(both[0], both[1]))
        {
            Assert.Equal(Assert.IsType<StartOutcome.Started>(one).Handle, Assert.IsType<StartOutcome.Started>(other).Handle);
            Assert.Single(await local.WitnessesAsync(job.Name));
        }
    }

    [Fact]
    public async Task Start_BeyondMaxJobs_IsDeferredUntilOneEnds()
    {
        await using var local = new LocalHarness().With("MaxJobs", "3");
        var jobs = Enumerable.Range(0, 5).Select(_ => local.Job("echo $$ >> \"$W/$N\"; exec sleep 600")).ToArray();

        var outcomes = await local.Backend.StartAsync(jobs, LocalHarness.Cancellation);

        Assert.Equal(3, outcomes.Count(outcome => outcome is StartOutcome.Started));
        var deferred = Assert.IsType<StartOutcome.Deferred>(outcomes.First(outcome => outcome is not StartOutcome.Started));
        Assert.Contains("3 jobs", deferred.Reason, StringComparison.Ordinal);
        var running = jobs.Zip(outcomes).First(pair => pair.Second is StartOutcome.Started).First;
        await local.StopAsync(new JobHandle(running.Name, null));
        await local.EndOfAsync(new JobHandle(running.Name, null));
        var waiting = jobs.Zip(outcomes).First(pair => pair.Second is StartOutcome.Deferred).First;
        Assert.IsType<StartOutcome.Started>(await local.TryStartAsync(waiting));
        Assert.IsType<StartOutcome.Deferred>(await local.TryStartAsync(local.Job("true")));
    }

    private static int PidDescriptors() => Links().Count(link => link.Contains("pidfd", StringComparison.Ordinal));

    private static IEnumerable<string> LocksOf(LocalHarness local) => Links().Where(link => link.StartsWith(local.World.Data, StringComparison.Ordinal));

    private static List<string> Links() =>
        [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(Target)];

    private static string Target(FileSystemInfo link)
    {
        try
        {
            return link.LinkTarget ?? "";
        }
        catch (IOException)
        {
            // The listing's own descriptor.
            return "";
        }
    }

    private static ProcessIdentity SupervisorOf(LocalHarness local, string name) =>
        ProcessIdentity.Parse(File.ReadAllText(Path.Combine(local.DirectoryOf(name), "pid")))!;
}
