using System.Diagnostics;
using Gateway.Core.Clusters;
using Gateway.Server.Tests.Api.Fakes;

namespace Gateway.Server.Tests.Api;

public sealed class StandardClientTests
{
    private const string Python = "/usr/bin/python3";

    private const string Settings = """
        {"Options":[{"Field":"worker_cores","Type":"int","Default":1,"Min":1,"Max":8,"Target":"worker.cores"},
                    {"Field":"image","Type":"select","Options":["a","b"],"Target":"image"},
                    {"Field":"memory","Type":"float","Default":2,"Target":"worker.memory","Unit":"GiB"}]}
        """;

    [Fact]
    public async Task Client_EveryCall_ShowsItsUserWhatTheGatewaySays()
    {
        await using var host = await ApiHost.StartAsync(Settings);
        await using var scheduler = await FakeScheduler.StartAsync();
        var pending = host.Store.Add("alice", ClusterPhase.Submitted);
        var foreign = host.Store.Add("bob", ClusterPhase.Running);
        var running = host.Store.Add("alice", ClusterPhase.Running, cluster => cluster with
        {
            DashboardAddress = "http://10.0.0.7:8787",
            ApiAddress = scheduler.Address,
            Spec = cluster.Spec with { MaxWorkers = 10 },
        });

        var stopped = new TaskCompletionSource();
        host.Store.OnStop = _ => stopped.TrySetResult();
        var run = RunAsync(host.Address.GetLeftPart(UriPartial.Authority), pending, running, foreign);
        await Task.WhenAny(run, stopped.Task);
        host.Store.Change(pending, cluster => cluster with { Phase = ClusterPhase.Failed, Reason = "The image does not exist." });

        Assert.Equal(
            [
                "version | {'version': '0.1.0'}",
                "options | {'worker_cores': 1, 'image': 'a', 'memory': 2.0}",
                "submitted | 16",
                "wrong option | ValueError: worker_cores must be an integer from 1 to 8, got 99.",
                "unknown option | ValueError: Unknown options: 'nothing'. Allowed: worker_cores, image, memory.",
                "listed | [(False, 'PENDING'), (False, 'RUNNING'), (True, 'PENDING')]",
                "listed running | ['RUNNING']",
                $"report | True | RUNNING | {host.Address}clusters/{running}/status | [('worker_cores', 1), ('worker_memory', 2.0)] | True | None",
                "scale | None",
                "scale over | None | 30 workers are more than the 10 that this cluster may have. Scaling to 10 instead.",
                "scale below | ValueError: count must be a whole number of 0 or more, got -1.",
                "adapt | None | Between 1 and 30 workers were asked for, and this cluster may have 10. Using `maximum=10, minimum=1` instead.",
                "adapt off | None",
                $"scale pending | GatewayClusterError: Cluster {pending} is PENDING, so its workers cannot be scaled.",
                "get unknown | ValueError: Cluster 'aaaaaaaaaaaaaaaa' not found: it does not exist, or it ended so long ago that it was removed.",
                $"get foreign | ClientResponseError: 403 Cluster {foreign} belongs to somebody else",
                "stop unknown | None",
                "stop | None",
                $"connect pending | GatewayClusterError: Cluster {pending} failed to start: The image does not exist.",
            ],
            await run);
        Assert.Equal(4, Assert.Single(host.Store.Created).Spec.Worker.Cores);
        Assert.Equal(4, scheduler.Commands.Count);
    }

    private static async Task<string[]> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is missing");
        var (imports, _, _) = await PythonAsync("-c", "import dask_gateway");
        Assert.SkipUnless(imports == 0, $"dask_gateway cannot be imported by {Python} (PYTHONPATH may name its checkout)");
        var (exit, output, error) = await PythonAsync([Path.Combine(AppContext.BaseDirectory, "Api", "Client", "clusters.py"), .. arguments]);
        Assert.True(exit == 0, error);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<(int Exit, string Output, string Error)> PythonAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
