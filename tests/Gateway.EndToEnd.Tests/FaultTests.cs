using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>What goes wrong at night.</summary>
public sealed class FaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkerAndSchedulerKilled_OneIsReplacedTheOtherFailsTheCluster()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        await Scenario.RunAsync("faults", gateway, Token);
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("direct_restart")]
    public async Task GatewayKilled_WhileAClusterComputes_GoesOnAfterwards(string scenario)
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        using var running = Scenario.Start(scenario, gateway);
        await running.ReachAsync("computing", Token);
        await gateway.KillAsync();
        await gateway.StartAsync(Token);
        running.Go();
        await running.ReachAsync("ok", Token);
    }
}
