using System.Diagnostics;

namespace Gateway.Testing;

/// <summary>The real pool of <c>pool.sh</c>, for one test run at a time.</summary>
public sealed class HTCondorPool : IAsyncDisposable
{
    private const int CannotBeHere = 77;
    private readonly Process? _holder;

    private HTCondorPool(Process? holder, string? missing) => (_holder, Missing) = (holder, missing);

    /// <summary>Where the pool has its root directory.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("DASK_GATEWAY_POOL")
        ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/root", ".cache"), "dask-gateway-pool");

    /// <summary>Why this machine can have no pool; null: it has one.</summary>
    public string? Missing { get; }

    private static string Script { get; } = FindScript();

    /// <summary>Makes the pool if it has to be made, waits until no other run has it, and starts it with an empty queue. It is this run's until disposal, or the end of this process.</summary>
    /// <exception cref="InvalidOperationException">It can be here, and does not start.</exception>
    public static async Task<HTCondorPool> HoldAsync()
    {
        var holder = Process.Start(new ProcessStartInfo(Script, ["hold"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = holder.StandardError.ReadToEndAsync();
        while (await holder.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "pool: held")
            {
                return new HTCondorPool(holder, missing: null);
            }
        }

        await holder.WaitForExitAsync();
        string reason = (await error).Trim();
        int code = holder.ExitCode;
        holder.Dispose();
        return code == CannotBeHere ? new HTCondorPool(null, $"No HTCondor pool here: {reason}") : throw new InvalidOperationException($"pool.sh hold: {reason}");
    }

    /// <summary>The command that runs another in the pool, as one of its users.</summary>
    public static string[] Command(string user, params string[] command) => [Script, "exec", "-u", user, .. command];

    /// <summary>Runs a command in the pool, as one of its users.</summary>
    public static Task<(int ExitCode, string Output)> ExecAsync(string user, params string[] command) => RunAsync(["exec", "-u", user, .. command]);

    /// <summary><c>uid:gid</c> of one of the pool's users.</summary>
    public static async Task<string> AccountAsync(string user) =>
        $"{(await ExecAsync("root", "id", "-u", user)).Output.Trim()}:{(await ExecAsync("root", "id", "-g", user)).Output.Trim()}";

    /// <summary>The ids of a daemon's processes.</summary>
    public static async Task<string[]> ProcessesAsync(string daemon) => (await RunAsync("processes", daemon)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Kills all processes of a daemon outright, at the same moment: none sees another die. They are dead when it returns.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static Task KillAsync(string daemon) => DoAsync("kill", daemon);

    /// <summary>Takes all jobs out of the queue and waits until it is empty: what an earlier test left there would be taken for this one's.</summary>
    /// <exception cref="InvalidOperationException">It does not become empty.</exception>
    public static Task ClearAsync() => DoAsync("clear");

    public async ValueTask DisposeAsync()
    {
        if (_holder is not null)
        {
            _holder.StandardInput.Close();
            await _holder.WaitForExitAsync();
            _holder.Dispose();
        }
    }

    private static async Task DoAsync(params string[] arguments)
    {
        var (code, output) = await RunAsync(arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"pool.sh {string.Join(' ', arguments)}: {output.Trim()}");
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Script, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private static string FindScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "tests", "pool", "pool.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new InvalidOperationException("tests/pool/pool.sh is not above the tests' folder.");
    }
}
