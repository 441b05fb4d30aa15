using System.Collections.Concurrent;
using System.Diagnostics;

namespace Gateway.Backends.HTCondor.Tools;

/// <summary>Starts processes that do not outlive the gateway.</summary>
/// <remarks>
/// A condor_submit that goes on after its gateway was killed could submit what the next gateway, asking the queue in the
/// meantime, submits again. The kernel kills a child with its parent only when asked (PR_SET_PDEATHSIG), and counts the
/// parent's thread as the parent: hence a thread of its own that lives as long as the backend.
/// </remarks>
internal sealed class ToolLauncher : IDisposable
{
    private static readonly string[] DeathSignal = ["--pdeathsig", "KILL", "--"];

    private readonly BlockingCollection<Action> _starts = [];
    private readonly string? _setpriv = new[] { "/usr/bin/setpriv", "/bin/setpriv" }.FirstOrDefault(File.Exists);

    public ToolLauncher()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "htcondor-tools" };
        thread.Start();
    }

    /// <exception cref="System.ComponentModel.Win32Exception">The program is not there or cannot be run.</exception>
    public async Task<Process> StartAsync(ProcessStartInfo start)
    {
        if (_setpriv is not null)
        {
            var arguments = start.ArgumentList.Prepend(start.FileName).ToList();
            start.ArgumentList.Clear();
            foreach (var argument in DeathSignal.Concat(arguments))
            {
                start.ArgumentList.Add(argument);
            }

            start.FileName = _setpriv;
        }

        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception exception)
            {
                // Whoever asked for the process learns why there is none.
                started.SetException(exception);
            }
        });
        return await started.Task;
    }

    public void Dispose() => _starts.CompleteAdding();

    private void Run()
    {
        foreach (var start in _starts.GetConsumingEnumerable())
        {
            start();
        }

        _starts.Dispose();
    }
}
