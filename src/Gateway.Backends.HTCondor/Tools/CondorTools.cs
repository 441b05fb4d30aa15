using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gateway.Backends.HTCondor.Options;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Tools;

/// <summary>The one place where HTCondor's tools are run: argument lists without a shell, bounded in time, output and number.</summary>
internal sealed partial class CondorTools(HTCondorOptions options, TimeProvider time, ToolMetrics metrics, ILogger<CondorTools> logger) : IDisposable
{
    private const int MaxComplaint = 4096;
    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int KilledBy = 128;

    // After the gateway's own limit, so that it is this that is told.
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(5);
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    private readonly SemaphoreSlim _running = new(options.Tools.MaxConcurrent);
    private readonly ToolLauncher _launcher = new();

    /// <summary>Runs a tool to its end. Its standard error is read, and is the message where it fails.</summary>
    /// <param name="call">What to run.</param>
    /// <param name="cancellationToken">Kills the tool.</param>
    /// <exception cref="ToolException">It failed, could not be run or took too long.</exception>
    public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken);
        var began = time.GetTimestamp();
        var outcome = "cancelled";
        try
        {
            var result = await RunOneAsync(call, cancellationToken);
            outcome = "ok";
            return result;
        }
        catch (ToolException exception)
        {
            outcome = exception.Fault.ToString();
            LogFailed(call.Tool, exception.Fault, exception.Message);
            throw;
        }
        finally
        {
            _running.Release();
            metrics.Called(call.Tool, outcome, time.GetElapsedTime(began));
        }
    }

    public void Dispose()
    {
        _launcher.Dispose();
        _running.Dispose();
    }

    /// <summary>A path as the tools see it, who may live in a root of their own.</summary>
    public string Inside(string path) =>
        options.Tools.Root is { Length: > 0 } root && path.StartsWith(root, StringComparison.Ordinal) ? path[root.TrimEnd('/').Length..] : path;

    /// <summary>A path of the tools, as this process sees it.</summary>
    public string Outside(string path) => options.Tools.Root is { Length: > 0 } root ? root.TrimEnd('/') + path : path;

    private async Task<ToolResult> RunOneAsync(ToolCall call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(call.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var process = await LaunchAsync(call);
        try
        {
            var output = ReadAsync(process.StandardOutput.BaseStream, call.Tool, either.Token);
            var error = ReadAsync(process.StandardError.BaseStream, call.Tool, either.Token);
            await WriteAsync(process, call.Input, either.Token);
            await Task.WhenAll(output, error);
            await process.WaitForExitAsync(either.Token);
            var text = Encoding.UTF8.GetString((await error).Span);
            if (text.AsSpan().Trim().IsEmpty)
            {
                // condor_ping complains on its standard output.
                var said = await output;
                text = Encoding.UTF8.GetString(said.Span[..Math.Min(said.Length, MaxComplaint)]);
            }

            return process.ExitCode switch
            {
                0 => new ToolResult(0, await output, text),
                > KilledBy => throw new ToolException(call.Tool, ToolFault.Unreachable, $"{call.Tool} was ended by signal {process.ExitCode - KilledBy}"),
                NotFound or NotExecutable => throw new ToolException(call.Tool, ToolFault.Missing, $"{call.Tool} cannot be run: {ToolErrors.Message(text)}"),
                _ => throw new ToolException(call.Tool, ToolErrors.Classify(text), ToolErrors.Message(text)),
            };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(call.Tool, ToolFault.TimedOut, $"{call.Tool} did not end within {call.Timeout.TotalSeconds:0} s");
        }
        finally
        {
            Kill(process);
        }
    }

    private async Task<Process> LaunchAsync(ToolCall call)
    {
        var environment = (call.IsCondor ? options.Tools.Environment : []).Concat(call.Environment).ToDictionary(pair => pair.Key, pair => pair.Value);
        var tool = call.IsCondor && options.Tools.Folder is { Length: > 0 } folder ? $"{folder.TrimEnd('/')}/{call.Tool}" : call.Tool;
        List<string> line = call.IsCondor ? [.. options.Tools.CommandPrefix] : [];
        if (line.Count > 0)
        {
            // A tool behind a prefix may be out of reach (docker exec: another machine's process; sudo: another account's), and must end all the same.
            line.AddRange(["timeout", "-s", "KILL", Math.Ceiling((call.Timeout + LastWord).TotalSeconds).ToString(CultureInfo.InvariantCulture)]);
            if (environment.Count > 0)
            {
                // What a prefix passes on of its own environment is not known (sudo, docker exec: nothing).
                line.Add("env");
                line.AddRange(environment.Select(pair => $"{pair.Key}={pair.Value}"));
            }
        }

        line.Add(tool);
        line.AddRange(call.Arguments);
        var start = new ProcessStartInfo(line[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            WorkingDirectory = "/",
        };
        foreach (var argument in line.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        // The gateway's own environment may hold secrets (keys, connection strings) that are none of the tools' business.
        foreach (var name in start.Environment.Keys.Where(name => !IsPassedOn(name)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return await _launcher.StartAsync(start);
        }
        catch (Win32Exception exception)
        {
            throw new ToolException(call.Tool, ToolFault.Missing, $"{line[0]} cannot be run: {exception.Message}", exception);
        }
    }

    private static bool IsPassedOn(string name) =>
        name is "PATH" or "HOME" or "USER" or "LOGNAME" or "LANG" or "TZ" or "KRB5CCNAME" or "CONDOR_CONFIG" or "LD_LIBRARY_PATH" || name.StartsWith("_CONDOR_", StringComparison.OrdinalIgnoreCase);

    private static async Task WriteAsync(Process process, string? input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            // It ended without reading all of it: its exit code and its standard error say why.
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(Stream stream, string tool, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (all.Length + read > options.Tools.MaxOutput)
            {
                throw new ToolException(tool, ToolFault.TooMuch, $"{tool} printed more than {options.Tools.MaxOutput} bytes");
            }

            all.Write(buffer, 0, read);
        }

        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }

    private void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or NotSupportedException or AggregateException)
        {
            LogNotKilled(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Tool} failed ({Fault}): {Reason}")]
    private partial void LogFailed(string tool, ToolFault fault, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A tool had ended by itself before it was killed")]
    private partial void LogNotKilled(Exception exception);
}
