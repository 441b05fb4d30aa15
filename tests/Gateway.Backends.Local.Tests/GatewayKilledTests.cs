using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>A gateway is killed at any instant: nothing is started twice, nothing is lost, nobody runs unknown.</summary>
public sealed class GatewayKilledTests
{
    private static string HostAssembly => Path.Combine(AppContext.BaseDirectory, "Gateway.Backends.Local.Host.dll");

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public async Task Starts_GatewayKilledAmongThem_EachJobRunsExactlyOnce(int bulk)
    {
        await using var local = new LocalHarness();
        var names = new List<string>();
        for (var round = 0; round < 6; round++)
        {
            names.AddRange(await KillOneAsync(local, bulk, "start"));
        }

        // Every start whose outcome is unknown is tried again, as the executor does.
        var outcomes = await local.Backend.StartAsync([.. names.Select(name => local.Job("echo $$ >> \"$W/$N\"; exec sleep 600", name) with { Attempt = 2 })], LocalHarness.Cancellation);

        Assert.All(outcomes, outcome => Assert.IsType<StartOutcome.Started>(outcome));
        var listed = (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs.ToDictionary(job => job.Name);
        Assert.Equal(names.Order(), listed.Keys.Order());
        foreach (var (name, outcome) in names.Zip(outcomes))
        {
            Assert.Equal(JobState.Running, listed[name].State);
            Assert.Equal(((StartOutcome.Started)outcome).Handle, listed[name].Handle);
            Assert.True(LocalHarness.IsAlive(Assert.Single(await local.WitnessesAsync(name))));
        }

        Assert.Equal(names.Count, SupervisorsOf(local).Count);
    }

    [Fact]
    public async Task Stops_GatewayKilledAmongThem_AreAllFinishedByTheNext()
    {
        await using var local = new LocalHarness().With("InterruptWait", "00:00:00.2").With("TerminateWait", "00:00:00.2");
        var names = new List<string>();
        for (var round = 0; round < 6; round++)
        {
            names.AddRange(await KillOneAsync(local, 4, "stop"));
        }

        // Only the jobs whose stop had not begun are told by us.
        var begun = (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs;
        await local.Backend.StopAsync(
            [.. begun.Where(job => !File.Exists(Path.Combine(local.DirectoryOf(job.Name), "stop"))).Select(job => new JobHandle(job.Name, job.Handle))], LocalHarness.Cancellation);

        await LocalHarness.UntilAsync(
            async () => (await local.Backend.ListAsync(LocalHarness.Cancellation)).Jobs.All(job => job.State == JobState.Ended), "all jobs to end");
        Assert.All(names.SelectMany(local.Witnesses), pid => Assert.False(LocalHarness.IsAlive(pid)));
        Assert.Empty(SupervisorsOf(local));
    }

    /// <summary>Runs a gateway for a random while, kills it, and returns the names of all jobs that it may have started.</summary>
    private static async Task<List<string>> KillOneAsync(LocalHarness local, int bulk, string mode)
    {
        using var host = Process.Start(new ProcessStartInfo("dotnet", [HostAssembly, local.World.Data, local.World.Witness, bulk.ToString(System.Globalization.CultureInfo.InvariantCulture), mode])
        {
            RedirectStandardOutput = true,
        })!;
        var names = new ConcurrentQueue<string>();
        Assert.Equal("ready", await host.StandardOutput.ReadLineAsync(LocalHarness.Cancellation));
        var reading = ReadAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1 + Random.Shared.Next(60)));
        await timer.WaitForNextTickAsync(LocalHarness.Cancellation);
        host.Kill();
        await host.WaitForExitAsync(LocalHarness.Cancellation);
        await reading;
        return [.. names];

        async Task ReadAsync()
        {
            while (await host.StandardOutput.ReadLineAsync(LocalHarness.Cancellation) is { Length: 32 } name)
            {
                names.Enqueue(name);
            }
        }
    }

    private static List<int> SupervisorsOf(LocalHarness local) =>
        [.. ProcessTable.Read().Where(process => process.Pid == process.Session && CommandLine(process.Pid).Contains(local.World.Data, StringComparison.Ordinal)).Select(process => process.Pid)];

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
