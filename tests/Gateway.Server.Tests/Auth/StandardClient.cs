using System.Diagnostics;

namespace Gateway.Server.Tests.Auth;

/// <summary>The standard Python client's own sign-in, in a Python that has it.</summary>
internal static class StandardClient
{
    private const string Python = "/usr/bin/python3";

    /// <summary>What it said, line by line; skips the test where it cannot be imported.</summary>
    public static async Task<string[]> RunAsync(Uri gateway, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is missing");
        var (imports, _, _) = await PythonAsync("-c", "import dask_gateway");
        Assert.SkipUnless(imports == 0, $"dask_gateway cannot be imported by {Python} (PYTHONPATH may name its checkout)");

        var script = Path.Combine(AppContext.BaseDirectory, "Auth", "Client", "sign_in.py");
        var (exit, output, error) = await PythonAsync([script, gateway.GetLeftPart(UriPartial.Authority), .. arguments]);
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
