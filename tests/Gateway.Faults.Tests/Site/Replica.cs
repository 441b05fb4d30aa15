using System.Diagnostics;
using System.Net;
using Gateway.Testing;

namespace Gateway.Faults.Tests.Site;

/// <summary>A gateway process that can be killed, frozen and started again, always at the same address.</summary>
internal sealed class Replica(string name, int port, string folder, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(4);
    private int _starts;
    private Process? _process;

    public string Name => name;

    public string Url => $"http://127.0.0.1:{port}";

    public string LogFile => Path.Combine(folder, "log");

    /// <summary>Whether every thread of it stands still.</summary>
    public bool IsFrozen => File.ReadAllText($"/proc/{_process!.Id}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == 'T';

    public bool Runs => _process is { HasExited: false };

    public int ExitCode => _process!.ExitCode;

    /// <summary>Starts the process; does not wait for it.</summary>
    /// <param name="more">Settings of this start alone; those that begin with <c>env:</c> are plain environment variables.</param>
    public void Start(IReadOnlyDictionary<string, string>? more = null)
    {
        Directory.CreateDirectory(folder);
        string life = $"{name}.{++_starts}";
        var start = new ProcessStartInfo("sh", ["-c", "exec dotnet \"$0\" \"$@\" >>\"$LOG\" 2>&1 </dev/null", Path.Combine(AppContext.BaseDirectory, "gateway.dll")])
        {
            WorkingDirectory = folder,
        };
        start.Environment["LOG"] = LogFile;
        start.Environment["DOTNET_TieredPGO"] = "0";
        var all = new Dictionary<string, string>(settings)
        {
            ["Server:Listen:0"] = $"127.0.0.1:{port}",
            ["Server:Node"] = life,
            ["Server:DataFolder"] = Path.Combine(folder, "data"),
            ["Storage:DataFolder"] = Path.Combine(folder, "data"),
        };

        // The database's own record of who did what goes by this name.
        all["Storage:ConnectionString"] += $";Application Name={life}";
        foreach (var (key, value) in all.Concat(more ?? new Dictionary<string, string>()))
        {
            start.Environment[key.StartsWith("env:", StringComparison.Ordinal) ? key[4..] : key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Waits until it says that it is ready; false when it ended instead.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var patience = new CancellationTokenSource(StartTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (Runs)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"{Url}/api/health/ready"), either.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return true;
                }
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !either.IsCancellationRequested))
            {
                // Not listening yet.
            }

            await Task.Delay(50, either.Token);
        }

        return false;
    }

    public async Task<int> EndedAsync(CancellationToken cancellationToken)
    {
        await _process!.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public void Terminate() => ProcessSignals.Send(_process!.Id, 15);

    public void Freeze() => ProcessSignals.Send(_process!.Id, ProcessSignals.Stop);

    public void Thaw() => ProcessSignals.Send(_process!.Id, ProcessSignals.Continue);

    public async ValueTask DisposeAsync()
    {
        if (Runs)
        {
            await KillAsync();
        }
    }
}
