using System.Diagnostics;
using System.Globalization;

namespace Gateway.Testing;

/// <summary>A real Postgres of the test's own, in a temporary folder, never run as root. It ends with the process that started it, however that ends.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "gateway";
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);
    private readonly string _folder;
    private Process? _wrapper;
    private int _databases;

    private PostgresServer(string folder, int port)
    {
        _folder = folder;
        Port = port;
    }

    /// <summary>Why no server can be started here; null: one can.</summary>
    public static string? Missing =>
        !OperatingSystem.IsLinux() ? "Postgres is only started on Linux."
        : Binaries is null ? "Postgres is not installed: there is no /usr/lib/postgresql/*/bin/postgres (Debian's package postgresql)."
        : Environment.IsPrivilegedProcess && Account is null ? "Postgres refuses to run as root, and there is neither a user postgres nor nobody."
        : null;

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; }

    private static string? Binaries => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(b => File.Exists(Path.Combine(b, "postgres"))).Max(StringComparer.Ordinal)
        : null;

    private static string? Account => new[] { "postgres", "nobody" }.FirstOrDefault(u => File.ReadLines("/etc/passwd").Any(l => l.StartsWith(u + ":", StringComparison.Ordinal)));

    private int Postmaster => int.Parse(File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Makes and starts a server.</summary>
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken)
    {
        if (Missing is { } missing)
        {
            throw new InvalidOperationException(missing);
        }

        string folder = Directory.CreateTempSubdirectory("gateway-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", [Account!, folder], cancellationToken);
        }

        var server = new PostgresServer(folder, Ports.Take());
        await server.RunAsUserAsync("initdb", ["-D", Path.Combine(folder, "data"), "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], cancellationToken);
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>Makes and starts a standby that follows this server.</summary>
    public async Task<PostgresServer> FollowAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("gateway-standby-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", [Account!, folder], cancellationToken);
        }

        var standby = new PostgresServer(folder, Ports.Take());
        await RunToolAsync("pg_basebackup", ["-D", Path.Combine(folder, "data"), "-R", "-X", "stream", "-c", "fast"], cancellationToken);
        await standby.StartAgainAsync(cancellationToken);
        return standby;
    }

    /// <summary>Makes a standby the primary.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken) =>
        RunAsUserAsync("pg_ctl", ["promote", "-w", "-D", Path.Combine(_folder, "data")], cancellationToken);

    /// <summary>For Npgsql. There is no password.</summary>
    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Database={database};Username={User}";

    /// <summary>Makes a database, as a copy of another one where it is named.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> CreateDatabaseAsync(string? template, CancellationToken cancellationToken)
    {
        string name = $"db{Interlocked.Increment(ref _databases)}";
        await RunAsUserAsync(
            "createdb", ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", User, "-T", template ?? "template0", name], cancellationToken);
        return name;
    }

    /// <summary>Ends the server at once, as a crash would.</summary>
    public Task CrashAsync(CancellationToken cancellationToken) => EndAsync(ProcessSignals.Quit, cancellationToken);

    /// <summary>Ends the server as an administrator would, who does not wait for clients.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => EndAsync(ProcessSignals.Interrupt, cancellationToken);

    /// <summary>Starts the server on the same data and port.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        // The shell lives as long as its standard input, which ends with this process; so does the server then.
        const string Script = "exec 3<&0; \"$@\" </dev/null & p=$!; { cat <&3 >/dev/null; kill -QUIT $p 2>/dev/null; } & wait $p; kill $! 2>/dev/null";
        string[] settings = ["fsync=off", "full_page_writes=off", "max_connections=300", "unix_socket_directories=", "listen_addresses=127.0.0.1", "logging_collector=off", "log_line_prefix=%d|"];
        string[] server = [Path.Combine(Binaries!, "postgres"), "-D", Path.Combine(_folder, "data"), "-p", Port.ToString(CultureInfo.InvariantCulture), .. settings.SelectMany(s => new[] { "-c", s })];
        _wrapper = Start("sh", ["-c", Script, "postgres", .. server], Path.Combine(_folder, "log"));
        long begun = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync(cancellationToken))
        {
            if (_wrapper.HasExited || Stopwatch.GetElapsedTime(begun) > StartTime)
            {
                throw new InvalidOperationException($"Postgres did not start: {await File.ReadAllTextAsync(Path.Combine(_folder, "log"), cancellationToken)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    /// <summary>Stops every process of the server in its tracks: connections stay open, nothing answers.</summary>
    public void Freeze()
    {
        int postmaster = Postmaster;
        ProcessSignals.Send(postmaster, ProcessSignals.Stop);
        foreach (int process in ProcessSignals.ChildrenOf(postmaster))
        {
            ProcessSignals.Send(process, ProcessSignals.Stop);
        }
    }

    /// <summary>Ends a freeze.</summary>
    public void Thaw()
    {
        int postmaster = Postmaster;
        foreach (int process in ProcessSignals.ChildrenOf(postmaster))
        {
            ProcessSignals.Send(process, ProcessSignals.Continue);
        }

        ProcessSignals.Send(postmaster, ProcessSignals.Continue);
    }

    /// <summary>What the server has logged, each message after its database's name and a bar.</summary>
    public Task<string> ReadLogAsync(CancellationToken cancellationToken) => File.ReadAllTextAsync(Path.Combine(_folder, "log"), cancellationToken);

    /// <summary>Runs one of Postgres' own programs against this server, such as <c>psql</c> or <c>pg_dump</c>, and returns what it printed.</summary>
    public Task<string> RunToolAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsUserAsync(tool, ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", User, .. arguments], cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_wrapper is { HasExited: false })
        {
            Thaw();
            await CrashAsync(CancellationToken.None);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task EndAsync(int signal, CancellationToken cancellationToken)
    {
        ProcessSignals.Send(Postmaster, signal);
        await _wrapper!.WaitForExitAsync(cancellationToken);
        _wrapper.Dispose();
        _wrapper = null;
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var probe = Start(Path.Combine(Binaries!, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture)], "/dev/null");
        await probe.WaitForExitAsync(cancellationToken);
        return probe.ExitCode == 0;
    }

    private Task<string> RunAsUserAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string[] command = AsUser([Path.Combine(Binaries!, tool), .. arguments]);
        return RunAsync(command[0], command[1..], cancellationToken);
    }

    private static string[] AsUser(string[] command) =>
        Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={Account}", $"--regid={Group()}", "--clear-groups", "--", .. command] : command;

    private static string Group() => File.ReadLines("/etc/passwd").First(l => l.StartsWith(Account + ":", StringComparison.Ordinal)).Split(':')[3];

    private static Process Start(string program, string[] arguments, string log)
    {
        string[] command = program == "sh" ? AsUser([program, .. arguments]) : [program, .. arguments];
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true, WorkingDirectory = "/" };
        string[] logged = ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "run", log, .. command];
        foreach (string argument in logged)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} failed: {await error}{await output}");
    }
}
