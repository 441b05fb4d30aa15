using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>A real scheduler and a real worker.</summary>
public sealed partial class DaskTests
{
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task Scheduler_AndWorker_StartFindEachOtherAndEndInPeace()
    {
        Assert.SkipUnless(File.Exists(Python) && Directory.Exists("/usr/lib/python3/dist-packages/distributed"), "python3-distributed is missing.");
        await using var local = new LocalHarness().With("InterruptWait", "00:00:50");
        var scheduler = await local.StartAsync(local.Job("") with
        {
            Kind = JobKind.Scheduler,
            Command = [Python, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"],
        });
        var port = 0;
        await LocalHarness.UntilAsync(
            async () => int.TryParse(SchedulerAt().Match(await local.OutputAsync(scheduler, JobOutput.Error)).Groups[1].Value, CultureInfo.InvariantCulture, out port),
            "the scheduler to say where it is");
        await LocalHarness.UntilAsync(
            async () => await local.Backend.CheckAddressAsync(scheduler, "127.0.0.1", [port], LocalHarness.Cancellation) == AddressVerdict.Yes, "the scheduler's address to be its own");

        var worker = await local.StartAsync(local.Job("") with
        {
            Command = [Python, "-m", "distributed.cli.dask_worker", $"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-dashboard", "--nanny"],
        });
        await LocalHarness.UntilAsync(
            async () => (await local.OutputAsync(scheduler, JobOutput.Error)).Contains("Register worker", StringComparison.Ordinal), "the worker to register");
        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(worker, "127.0.0.1", [port], LocalHarness.Cancellation));

        await local.StopAsync(worker);
        var workerEnd = await local.EndOfAsync(worker);
        await local.StopAsync(scheduler);
        var schedulerEnd = await local.EndOfAsync(scheduler);

        Assert.NotEqual(137, workerEnd.ExitCode);
        Assert.NotEqual(137, schedulerEnd.ExitCode);
        Assert.NotNull(workerEnd.ExitCode);
        Assert.NotNull(schedulerEnd.ExitCode);
    }

    [GeneratedRegex(@"Scheduler at:\s+tcp://127\.0\.0\.1:([0-9]+)")]
    private static partial Regex SchedulerAt();
}
