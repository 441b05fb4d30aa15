using Gateway.EndToEnd.Tests.Processes;
using Gateway.Testing;

namespace Gateway.EndToEnd.Tests;

/// <summary>What goes wrong between the gateway, a real HTCondor pool and real workers.</summary>
[Collection(SharedFarm.Name)]
public sealed class FarmFaultTests(FarmPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkersHeldRemovedAndLost_AreReplacedAndExplained()
    {
        await pool.RequireAsync();
        await using var gateway = await GatewayProcess.StartAsync(await SettingsAsync(("Lifecycle:HeldTimeout", "00:00:03")), Token);
        using var scenario = pool.StartScenario("farm_faults", "alice", gateway);

        await scenario.ReachAsync("hold", Token);
        await pool.ExecAsync("condor_hold", "-reason", "maintenance at noon", (await pool.WorkersAsync())[0].Id);
        scenario.Go();
        await scenario.ReachAsync("remove", Token);
        await pool.ExecAsync("condor_rm", (await pool.WorkersAsync())[0].Id);
        scenario.Go();
        await scenario.ReachAsync("lose", Token);
        await HTCondorPool.KillAsync("condor_starter");
        scenario.Go();

        await scenario.ReachAsync("ok", Token);
        Assert.Empty(await pool.WorkersAsync());
    }

    [Fact]
    public async Task GatewayKilledWhileItSubmits_ManyTimes_EachWorkerIsOneJob()
    {
        await pool.RequireAsync();
        await using var gateway = await GatewayProcess.StartAsync(
            await SettingsAsync(("Backends:farm:Limits:CallTimeout", "00:00:10"), ("Backends:farm:Tools:SubmitTimeout", "00:00:08"), ("Reconciliation:StrayGrace", "00:00:10")), Token);
        using var scenario = pool.StartScenario("farm_killed", "alice", gateway);
        int[] pauses = [250, 600, 950, 1300, 1700];
        foreach (int pause in pauses)
        {
            await scenario.ReachAsync("scale", Token);
            scenario.Go();
            await Task.Delay(pause, Token); // where in its work this finds the gateway is left to chance
            await gateway.KillAsync();
            await gateway.StartAsync(Token);
        }

        await scenario.ReachAsync("last", Token);
        scenario.Go();
        await scenario.ReachAsync("counted", Token);
        var workers = await pool.WorkersAsync();
        Assert.Equal(6, workers.Count);
        Assert.Equal(6, workers.DistinctBy(worker => worker.Name).Count());
        scenario.Go();

        await scenario.ReachAsync("ok", Token);
        Assert.Empty(await pool.WorkersAsync());
    }

    [Theory]
    [InlineData("wall time")]
    [InlineData("credential")]
    public async Task JobsOrTheirCredentialsEnd_WorkersHandOverTheirDataBeforeAndAreReplaced(string what)
    {
        await pool.RequireAsync();
        (string, string)[] settings = what == "wall time"
            ? [("Backends:farm:Submit:MaxDuration", "00:02:00"), ("Backends:farm:Dask:LifetimeMargin", "45"), ("Backends:farm:Dask:LifetimeStagger", "15")]
            : [
                ("Backends:farm:Files:Credentials:0:Name", "scitoken"), ("Backends:farm:Files:Credentials:0:Variable", "BEARER_TOKEN_FILE"),
                ("Backends:farm:Files:Credentials:0:Command:0", "/bin/sh"), ("Backends:farm:Files:Credentials:0:Command:1", "-c"),
                ("Backends:farm:Files:Credentials:0:Command:2", "c=$(printf '{\"exp\":%d}' $(($(date +%s) + 80)) | base64 -w0 | tr -d = | tr +/ -_); printf 'e30.%s.c2ln' \"$c\""),
            ];
        await using var gateway = await GatewayProcess.StartAsync(await SettingsAsync(settings), Token);
        await pool.RunScenarioAsync("farm_lifetime", "alice", gateway, Token);
        Assert.Empty(await pool.WorkersAsync());
    }

    private async Task<Dictionary<string, string>> SettingsAsync(params (string Key, string Value)[] more)
    {
        var settings = await pool.SettingsAsync("near", throughProxy: false);
        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }

        return settings;
    }
}
