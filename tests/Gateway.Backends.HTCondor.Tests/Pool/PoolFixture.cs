using System.Diagnostics;
using Gateway.Backends.HTCondor.Tests.Pool;

[assembly: AssemblyFixture(typeof(PoolFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>The real pool of <c>tests/pool/pool.sh</c>, made and started for the first test that needs it.</summary>
public sealed class PoolFixture : IAsyncDisposable
{
    private const int CannotBeHere = 77;

    private readonly SemaphoreSlim _one = new(1);
    private readonly string _script = FindScript();
    private Process? _holder;
    private string? _missing;
    private bool _ready;

    /// <summary>Where the pool has its root directory.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("DASK_GATEWAY_POOL")
        ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/root", ".cache"), "dask-gateway-pool");

    /// <summary><c>uid:gid</c> of the account that the gateway's tools run as.</summary>
    public string Gateway { get; private set; } = "";

    /// <summary>Skips the test where this machine can have no pool.</summary>
    public async Task RequireAsync()
    {
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_ready && _missing is null)
            {
                await MakeAsync();
            }
        }
        finally
        {
            _one.Release();
        }

        if (_missing is not null)
        {
            Assert.Skip(_missing);
        }
    }

    /// <summary>Runs a command in the pool, as root or as a user.</summary>
    public async Task<(int ExitCode, string Output)> ExecAsync(string user, params string[] command)
    {
        var (code, output, error) = await RunAsync(_script, ["exec", "-u", user, .. command]);
        return (code, output + error);
    }

    public async ValueTask DisposeAsync()
    {
        if (_holder is not null)
        {
            _holder.StandardInput.Close();
            await _holder.WaitForExitAsync();
            _holder.Dispose();
        }

        _one.Dispose();
    }

    private static string FindScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, "tests", "pool", "pool.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new InvalidOperationException("tests/pool/pool.sh is not above the tests' folder");
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    // The pool is this run's alone until the script's standard input is closed, by the end of the tests or of their process.
    private async Task MakeAsync()
    {
        _holder = Process.Start(new ProcessStartInfo(_script, ["hold"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = _holder.StandardError.ReadToEndAsync();
        while (await _holder.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "pool: held")
            {
                Gateway = $"{(await ExecAsync("root", "id", "-u", "gateway")).Output.Trim()}:{(await ExecAsync("root", "id", "-g", "gateway")).Output.Trim()}";
                _ready = true;
                return;
            }
        }

        await _holder.WaitForExitAsync();
        Assert.True(_holder.ExitCode == CannotBeHere, $"pool.sh hold: {await error}");
        _missing = $"No HTCondor pool here: {(await error).Trim()}";
    }
}
