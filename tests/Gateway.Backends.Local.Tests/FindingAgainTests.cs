using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Backends.Local.Jobs;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>What a gateway makes of the directories that it finds.</summary>
public sealed class FindingAgainTests
{
    private static string Boot => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    [Fact]
    public async Task Number_UsedAgainByAStranger_IsNotTakenForTheJob()
    {
        await using var local = new LocalHarness();
        using var stranger = Process.Start("/bin/sleep", "600");
        try
        {
            var start = ProcessStat.Read(stranger.Id)!.Value.Start;
            var job = Lay(local, pid: $"{stranger.Id} {start - 1} {Boot}\n");

            var end = await local.EndOfAsync(job);
            Assert.Null(end.ExitCode);
            Assert.Equal(StopOutcome.Gone, await local.StopAsync(job));
            Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [1], LocalHarness.Cancellation));
            await local.Backend.CleanAsync([job], LocalHarness.Cancellation);
            Assert.False(stranger.HasExited);
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public async Task Session_UsedAgainByStrangers_IsLeftAlone()
    {
        await using var local = new LocalHarness();
        using var leader = Process.Start("/usr/bin/setsid", ["sh", "-c", "sleep 600 & echo $! > \"$0\"", Path.Combine(local.World.Witness, "stranger")])!;
        await leader.WaitForExitAsync(LocalHarness.Cancellation);
        var stranger = int.Parse(await File.ReadAllTextAsync(Path.Combine(local.World.Witness, "stranger"), LocalHarness.Cancellation), CultureInfo.InvariantCulture);
        try
        {
            var stat = ProcessStat.Read(stranger)!.Value;
            var job = Lay(local, pid: $"{stat.Session} {stat.Start - 1} {Boot}\n");

            await local.EndOfAsync(job);

            Assert.True(LocalHarness.IsAlive(stranger));
        }
        finally
        {
            Process.GetProcessById(stranger).Kill();
        }
    }

    [Fact]
    public async Task Boot_Another_IsTheReason()
    {
        await using var local = new LocalHarness();
        var job = Lay(local, pid: $"{Environment.ProcessId} {ProcessStat.Read(Environment.ProcessId)!.Value.Start} 00000000-0000-0000-0000-000000000000\n");

        var end = await local.EndOfAsync(job);

        Assert.Equal("the machine was restarted", end.Reason);
        Assert.Equal(StopOutcome.Gone, await local.StopAsync(job));
    }

    [Fact]
    public async Task Start_BrokenOffBeforeItsProcess_IsNoJobAndMayBeRepeated()
    {
        await using var local = new LocalHarness();
        var job = Lay(local, pid: null);
        Directory.CreateDirectory(Path.Combine(local.DirectoryOf(job.Name), "work"));
        await File.WriteAllTextAsync(Path.Combine(local.DirectoryOf(job.Name), "work", "token"), "half", LocalHarness.Cancellation);

        Assert.Null(await local.FindAsync(job.Name));
        Assert.Equal(StopOutcome.Gone, await local.StopAsync(job));
        var started = await local.StartAsync(local.Job("cat token", job.Name, new JobFile("token", "whole"u8.ToArray())) with { Attempt = 2 });
        await local.EndOfAsync(started);

        Assert.NotEqual(job.Handle, started.Handle);
        Assert.Equal("whole", await local.OutputAsync(started));
    }

    [Fact]
    public async Task Start_UnderWayElsewhere_IsPendingAndNotRepeated()
    {
        await using var local = new LocalHarness();
        var job = Lay(local, pid: null);
        using (JobLock.TryTake(Path.Combine(local.DirectoryOf(job.Name), "lock")))
        {
            Assert.Equal(JobState.Pending, (await local.FindAsync(job.Name))?.State);
            Assert.IsType<StartOutcome.Deferred>(await local.TryStartAsync(local.Job("true", job.Name) with { Attempt = 2 }));
            Assert.Equal(StopOutcome.Ending, await local.StopAsync(job));
            Assert.True(File.Exists(Path.Combine(local.DirectoryOf(job.Name), "stop")));
        }

        await LocalHarness.UntilAsync(async () => await local.FindAsync(job.Name) is null, "the start that never was to be forgotten");
    }

    [Fact]
    public async Task Supervisor_ThatFindsAStop_DoesNotStartItsJob()
    {
        await using var local = new LocalHarness();
        var job = Lay(local, pid: null);
        var directory = new JobDirectory(local.DirectoryOf(job.Name));
        directory.WriteStop(DateTimeOffset.UnixEpoch.AddDays(20_000));
        int pid;
        using (var taken = JobLock.TryTake(directory.Lock)!)
        {
            JobDirectory.Create(directory.Supervise, Encoding.UTF8.GetBytes(Supervisor.Script(changes: false)));
            var command = Supervisor.Command(directory.Supervise, 0, 0, null, ["/bin/sh", "-c", $"touch {local.World.Witness}/ran"]);
            Assert.Equal(0, Spawner.Spawn(command, ["PATH=/bin"], directory.Output, directory.Error, taken.Descriptor, out pid));
        }

        await LocalHarness.UntilDeadAsync(pid);
        _ = LibC.WaitPid(pid, out _, 0);

        Assert.False(File.Exists(Path.Combine(local.World.Witness, "ran")));
        Assert.Equal(143, (await local.EndOfAsync(job)).ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"gateway\":null}")]
    public async Task Record_ThatIsNotWhole_IsNoJob(string text)
    {
        await using var local = new LocalHarness();
        Directory.CreateDirectory(local.DirectoryOf("broken"));
        await File.WriteAllTextAsync(Path.Combine(local.DirectoryOf("broken"), "job.json"), text, LocalHarness.Cancellation);

        Assert.Empty((await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs);
        await local.EndOfAsync(await local.StartAsync(local.Job("true", "broken")));
    }

    [Fact]
    public async Task Job_OfAnotherGateway_IsNeitherListedNorStoppedNorReplaced()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync(local.Job("echo $$ >> \"$W/$N\"; exec sleep 600"));
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        await using var other = local.World.Create("gateway-2");

        Assert.Empty((await other.ListAsync(LocalHarness.Cancellation)).Jobs);
        Assert.Equal(StopOutcome.Gone, Assert.Single(await other.StopAsync([new JobHandle(job.Name, null)], LocalHarness.Cancellation)));
        await other.CleanAsync([new JobHandle(job.Name, null)], LocalHarness.Cancellation);
        var refused = Assert.IsType<StartOutcome.Refused>(Assert.Single(await other.StartAsync([local.Job("true", job.Name)], LocalHarness.Cancellation)));

        Assert.Contains("another gateway", refused.Reason, StringComparison.Ordinal);
        Assert.True(LocalHarness.IsAlive(pid));
        Assert.Equal(JobState.Running, (await local.FindAsync(job.Name))?.State);
    }

    [Fact]
    public async Task Directory_RemovedByHand_DoesNotHideARunningJob()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $$ >> \"$W/$N\"; exec sleep 600");
        var pid = Assert.Single(await local.WitnessesAsync(job.Name));
        Directory.Delete(local.DirectoryOf(job.Name), recursive: true);

        Assert.Equal(JobState.Running, (await local.FindAsync(job.Name))?.State);
        Assert.Equal(StopOutcome.Ending, await local.StopAsync(job));

        await LocalHarness.UntilDeadAsync(pid);
        await LocalHarness.UntilAsync(async () => await local.FindAsync(job.Name) is null, "the job to be forgotten");
    }

    [Fact]
    public async Task Handle_OfAnEarlierJobOfTheName_MeansNobody()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $$ >> \"$W/$N\"; exec sleep 600");
        await local.WitnessesAsync(job.Name);
        var old = job with { Handle = Guid.NewGuid().ToString("N") };

        Assert.Equal(StopOutcome.Gone, await local.StopAsync(old));
        await local.Backend.CleanAsync([old, job], LocalHarness.Cancellation);
        Assert.Empty(await local.Backend.DescribeAsync([old], LocalHarness.Cancellation));
        Assert.Equal(JobState.Running, (await local.FindAsync(job.Name))?.State);
    }

    [Fact]
    public async Task Directory_OfAJobThatEndedLongAgo_IsRemoved()
    {
        await using var local = new LocalHarness().With("KeepEnded", "1.00:00:00");
        var old = await local.StartAsync("true");
        var young = await local.StartAsync("true");
        await local.EndOfAsync(old);
        await local.EndOfAsync(young);
        await local.ReleaseAsync();
        Directory.SetLastWriteTimeUtc(local.DirectoryOf(old.Name), DateTime.UnixEpoch.AddDays(10_000));

        _ = local.Backend;

        await LocalHarness.UntilAsync(() => Task.FromResult(!Directory.Exists(local.DirectoryOf(old.Name))), "the old directory to go");
        Assert.True(Directory.Exists(local.DirectoryOf(young.Name)));
    }

    /// <summary>Lays a job's directory as an earlier gateway would have left it.</summary>
    private static JobHandle Lay(LocalHarness local, string? pid)
    {
        var handle = new JobHandle(Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(local.DirectoryOf(handle.Name));
        var record = new JobRecord(local.World.GatewayId, handle.Name, "cluster", JobKind.Worker, handle.Handle!, DateTimeOffset.UnixEpoch, null);
        File.WriteAllText(Path.Combine(local.DirectoryOf(handle.Name), "job.json"), JsonSerializer.Serialize(record, JobJson.Default.JobRecord), Encoding.UTF8);
        File.WriteAllText(Path.Combine(local.DirectoryOf(handle.Name), "lock"), "");
        if (pid is not null)
        {
            File.WriteAllText(Path.Combine(local.DirectoryOf(handle.Name), "pid"), pid);
        }

        return handle;
    }
}
