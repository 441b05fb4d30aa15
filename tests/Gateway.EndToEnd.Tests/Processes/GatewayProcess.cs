using System.Diagnostics;
using System.Net;
using System.Text;
using Gateway.Testing;

namespace Gateway.EndToEnd.Tests.Processes;

/// <summary>The built server as a process of its own, with a data folder of its own, that can be killed and started again.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly StringBuilder _output = new();
    private Process? _process;

    private GatewayProcess(Dictionary<string, string> settings, string folder, int port)
    {
        (_settings, Folder, Port) = (settings, folder, port);
    }

    public string Folder { get; }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public int Pid => _process!.Id;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a gateway and waits until it says that it is well.</summary>
    /// <param name="settings">Over the defaults of appsettings.json, by key (<c>Section:Key</c>); <c>{port}</c> in a value is the port listened on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<GatewayProcess> StartAsync(Dictionary<string, string>? settings, CancellationToken cancellationToken) => StartAsync(settings, Ports.Take(), cancellationToken);

    /// <summary>The same on a certain port.</summary>
    public static async Task<GatewayProcess> StartAsync(Dictionary<string, string>? settings, int port, CancellationToken cancellationToken)
    {
        var gateway = new GatewayProcess(settings ?? [], Directory.CreateTempSubdirectory("gateway-e2e-").FullName, port);
        await gateway.StartAsync(cancellationToken);
        return gateway;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process = Launch();
        using var http = new HttpClient();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3)); // two cores may be busy with other suites
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (true)
        {
            Assert.False(_process.HasExited, $"The gateway has ended:\n{Output}");
            try
            {
                using var answer = await http.GetAsync(new Uri($"{Url}{_settings.GetValueOrDefault("Server:PathBase", "")}/api/health"), either.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(20, either.Token);
        }
    }

    private Process Launch(string? command = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "gateway.dll"));
        if (command is not null)
        {
            start.ArgumentList.Add(command);
        }

        start.Environment["Server__Listen__0"] = $"127.0.0.1:{Port}";
        start.Environment["Server__DataFolder"] = Path.Combine(Folder, "data");
        foreach (var (key, value) in _settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value.Replace("{port}", $"{Port}", StringComparison.Ordinal);
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Runs a gateway that is to end by itself.</summary>
    /// <param name="folder">Where it runs, and its data folder is.</param>
    /// <param name="settings">As for <see cref="StartAsync(Dictionary{string, string}?, CancellationToken)"/>.</param>
    /// <param name="command">Such as <c>migrate</c>; null: it serves.</param>
    /// <param name="cancellationToken">Ends the wait, and the process.</param>
    /// <returns>Its exit code and all that it printed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, Dictionary<string, string> settings, string? command, CancellationToken cancellationToken)
    {
        var gateway = new GatewayProcess(settings, folder, Ports.Take());
        using var process = gateway.Launch(command);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, gateway.Output);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>SIGTERM; waits for the end.</summary>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {_process!.Id}"]);
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        // Jobs outlive the gateway by design: those of this test are found by their working directories.
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        foreach (string entry in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                if (new FileInfo(Path.Combine(entry, "cwd")).LinkTarget?.StartsWith(Folder, StringComparison.Ordinal) == true)
                {
                    using var job = Process.GetProcessById(int.Parse(Path.GetFileName(entry), System.Globalization.CultureInfo.InvariantCulture));
                    job.Kill();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
            {
                // Gone meanwhile.
            }
        }

        for (int i = 0; i < 20 && Directory.Exists(Folder); i++)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(100); // a job that is just ending still writes
            }
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
