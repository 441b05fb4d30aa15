using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>The main job on real input: real schedulers and workers, real files, through the gateway's one port.</summary>
public sealed class MainJobTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cluster_ScaledAndAdapted_CountsTheWordsOfAFile()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("compute", gateway, Token);
    }

    [Fact]
    public async Task Clusters_OfTwoUsers_RunSideBySideAndApart()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("side_by_side", gateway, Token);
    }

    [Fact]
    public async Task WorkerByHand_ThroughTheProxy_CountsAndIsLeftAlone()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("by_hand", gateway, Token);
    }

    [Fact]
    public async Task WorkerBackendNone_WorkersByHand_AreAllThereAre()
    {
        await using var gateway = await GatewayProcess.StartAsync(new() { ["Clusters:WorkerBackend"] = "None" }, Token);
        await Scenario.RunAsync("by_hand", gateway, Token, new() { ["WORKERS"] = "none" });
    }

    [Fact]
    public async Task IdleCluster_AfterItsTimeout_EndsByItself()
    {
        await using var gateway = await GatewayProcess.StartAsync(new() { ["Clusters:IdleTimeout"] = "00:00:03" }, Token);
        await Scenario.RunAsync("idle", gateway, Token);
    }

    [Fact]
    public async Task Workers_ThroughTheProxy_Compute()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            new() { ["Backends:local:Dask:WorkerRoute"] = "Proxy", ["Backends:local:Dask:ProxyAddress"] = "127.0.0.1:{port}" }, Token);
        await Scenario.RunAsync("compute", gateway, Token);
    }

    [Fact]
    public async Task Dashboard_ThroughTheGateway_ServesItsOwnerPagesAndWebSocket()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("dashboard", gateway, Token);
    }

    [Fact]
    public async Task PathPrefix_AsBehindAHub_WorksForApiAndDashboards()
    {
        await using var gateway = await GatewayProcess.StartAsync(new() { ["Server:PathBase"] = "/services/dask-gateway" }, Token);
        var prefixed = new Dictionary<string, string> { ["GATEWAY"] = $"{gateway.Url}/services/dask-gateway" };
        await Scenario.RunAsync("dashboard", gateway, Token, prefixed);
    }

    [Fact]
    public async Task BadInput_OnTheOnePort_IsRefusedClearlyAndDisturbsNobody()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("bad_input", gateway, Token);
    }

    [Fact]
    public async Task StandardClient_Unmodified_CreatesScalesComputesAndShutsDown()
    {
        RequireStandardClient();
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("standard", gateway, Token);
    }

    [Fact]
    public async Task StandardSchedulerPlugin_ChosenByConfiguration_WorksAsWell()
    {
        RequireStandardClient();
        await using var gateway = await GatewayProcess.StartAsync(
            new()
            {
                ["Backends:local:Dask:Plugin"] = "Standard",
                ["Backends:local:Dask:Environment:PYTHONPATH"] = Environment.GetEnvironmentVariable("PYTHONPATH") ?? "",
                ["Backends:local:Dask:HeartbeatPeriod"] = "2",
            },
            Token);
        await Scenario.RunAsync("standard", gateway, Token);
    }

    private static void RequireStandardClient()
    {
        if (!Scenario.Imports("dask_gateway"))
        {
            Assert.Skip("the standard client is not installed: `import dask_gateway` fails");
        }
    }
}
