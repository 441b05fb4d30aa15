using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>The README's ten lines of Python, as printed.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task TenLines_AsPrinted_GiveTheRightAnswer()
    {
        if (!Scenario.Imports("dask_gateway"))
        {
            Assert.Skip("the standard client is not installed: `import dask_gateway` fails");
        }

        string readme = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "README.md"), TestContext.Current.CancellationToken);
        string[] lines = readme.Split("```python\n")[1].Split("```")[0].TrimEnd().Split('\n');
        Assert.InRange(lines.Count(l => l.Trim().Length > 0), 5, 10);

        await using var gateway = await GatewayProcess.StartAsync(null, TestContext.Current.CancellationToken);
        string script = string.Join('\n', lines).Replace("http://127.0.0.1:8000", gateway.Url, StringComparison.Ordinal);
        string path = Path.Combine(AppContext.BaseDirectory, "python", "readme.py");
        await File.WriteAllTextAsync(path, script, TestContext.Current.CancellationToken);
        using var run = Scenario.Start("readme", gateway);
        await run.ReachAsync("328350", TestContext.Current.CancellationToken);
    }
}
