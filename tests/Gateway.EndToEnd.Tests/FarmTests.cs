using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>The whole chain with a real HTCondor pool: the users' own accounts run the workers.</summary>
[Collection(SharedFarm.Name)]
public sealed class FarmTests(FarmPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("near", false)]
    [InlineData("near", true)]
    [InlineData("farm", false)]
    public async Task Clusters_OfTwoUsers_RunAsTheirOwnJobs(string schedulerBackend, bool throughProxy)
    {
        await pool.RequireAsync();
        await using var gateway = await GatewayProcess.StartAsync(await pool.SettingsAsync(schedulerBackend, throughProxy), Token);
        await pool.RunScenarioAsync("farm", "alice", gateway, Token);
        if (schedulerBackend == "farm")
        {
            await pool.RunScenarioAsync("farm", "bob", gateway, Token);
        }
    }
}
