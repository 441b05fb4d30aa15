using System.Diagnostics;
using System.Text;

namespace Gateway.EndToEnd.Tests.Processes;

/// <summary>A scenario in Python that runs against a gateway. It ends with the line <c>ok</c>, and may wait at a marker for the test.</summary>
internal sealed class Scenario : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly GatewayProcess _gateway;
    private readonly StringBuilder _errors = new();
    private readonly StringBuilder _said = new();
    private readonly CancellationTokenSource _patience = new(Patience);

    private Scenario(Process process, GatewayProcess gateway)
    {
        (_process, _gateway) = (process, gateway);
        process.ErrorDataReceived += (_, line) => _errors.AppendLine(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Starts <c>python/{name}.py</c>.</summary>
    public static Scenario Start(string name, GatewayProcess gateway, Dictionary<string, string>? environment = null)
    {
        if (!File.Exists(Python) || !Imports("distributed"))
        {
            Assert.Skip("python3-distributed is not installed");
        }

        var start = new ProcessStartInfo(Python)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "python"),
        };
        start.ArgumentList.Add($"{name}.py");
        return Start(gateway, start, environment);
    }

    /// <summary>Starts a scenario by a command of its own.</summary>
    public static Scenario Start(GatewayProcess gateway, string[] command) => Start(
        gateway,
        new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        environment: null);

    private static Scenario Start(GatewayProcess gateway, ProcessStartInfo start, Dictionary<string, string>? environment)
    {
        start.Environment["GATEWAY"] = gateway.Url;
        start.Environment["PYTHONUNBUFFERED"] = "1";
        foreach (var (key, value) in environment ?? [])
        {
            start.Environment[key] = value;
        }

        return new Scenario(Process.Start(start)!, gateway);
    }

    /// <summary>Runs a whole scenario to its <c>ok</c>.</summary>
    public static async Task RunAsync(string name, GatewayProcess gateway, CancellationToken cancellationToken, Dictionary<string, string>? environment = null)
    {
        using var scenario = Start(name, gateway, environment);
        await scenario.ReachAsync("ok", cancellationToken);
    }

    /// <summary>Whether Python can import a module here.</summary>
    public static bool Imports(string module)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", $"import {module}"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Reads on until the scenario says a line.</summary>
    public async Task ReachAsync(string marker, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_patience.Token, cancellationToken);
        while (true)
        {
            string? line;
            try
            {
                line = await _process.StandardOutput.ReadLineAsync(either.Token);
            }
            catch (OperationCanceledException) when (_patience.IsCancellationRequested)
            {
                throw Failure($"not within {Patience}");
            }

            if (line is null)
            {
                await _process.WaitForExitAsync(either.Token);
                throw Failure("it has ended");
            }

            _said.AppendLine(line);
            if (line == marker)
            {
                return;
            }
        }

        Xunit.Sdk.FailException Failure(string why) => Xunit.Sdk.FailException.ForFailure(
            $"The scenario did not say '{marker}': {why}.\n--- said\n{_said}--- errors\n{_errors}--- gateway\n{Tail(_gateway.Output)}");
    }

    public void Go() => _process.StandardInput.WriteLine("go");

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        _patience.Dispose();
    }

    private static string Tail(string text) => text.Length <= 8000 ? text : text[^8000..];
}
