using System.Collections.Concurrent;
using Gateway.Backends.Local.Processes;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local.Jobs;

/// <summary>Ends jobs in the background: SIGINT, SIGTERM, SIGKILL to the whole process group, with waits between them.</summary>
/// <remarks>A stop that was begun lies in the job's directory, so that whoever comes after us goes on where we were.</remarks>
internal sealed partial class JobEnder(JobTable table, LocalOptions options, string boot, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StartPoll = TimeSpan.FromMilliseconds(20);
    private readonly ConcurrentDictionary<LocalJob, Task> _running = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins to end a job, or goes on with it; at once and only once.</summary>
    public void Begin(LocalJob job)
    {
        if (!job.BeginStop())
        {
            return;
        }

        try
        {
            if (job.Directory.ReadStop() is null)
            {
                job.Directory.WriteStop(time.GetUtcNow());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk or a directory taken away keeps nobody alive: only a restart forgets this stop.
            LogNotRemembered(job.Record.Name, e);
        }

        var ending = Task.Run(() => EndAsync(job));
        _running[job] = ending;
        if (ending.IsCompleted)
        {
            _running.TryRemove(job, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running.Values);
        _stop.Dispose();
    }

    private async Task EndAsync(LocalJob job)
    {
        try
        {
            if (await HasStartedAsync(job))
            {
                await ClimbAsync(job);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            LogEndingFailed(job.Record.Name, e);
        }
        finally
        {
            _running.TryRemove(job, out _);
        }
    }

    /// <summary>Waits until the supervisor has written itself down: before that there is nobody to signal, and it looks for the stop itself.</summary>
    private async Task<bool> HasStartedAsync(LocalJob job)
    {
        while (job.Leader is null)
        {
            await Task.Delay(StartPoll, time, _stop.Token);
            if (table.Find(job.Record.Name) != job)
            {
                return false;
            }
        }

        return true;
    }

    private async Task ClimbAsync(LocalJob job)
    {
        var begun = job.Directory.ReadStop();
        var elapsed = begun is null ? TimeSpan.Zero : time.GetUtcNow() - begun.Value;
        foreach (var (signal, wait) in new[] { (LibC.SIGINT, options.InterruptWait), (LibC.SIGTERM, options.TerminateWait) })
        {
            if (elapsed >= wait)
            {
                elapsed -= wait;
                continue;
            }

            Signal(job, signal);
            if (await IsOverAsync(job, wait - (elapsed > TimeSpan.Zero ? elapsed : TimeSpan.Zero)))
            {
                return;
            }

            elapsed = TimeSpan.Zero;
        }

        LogKilling(job.Record.Name);
        do
        {
            Signal(job, LibC.SIGKILL);
        }
        while (!await IsOverAsync(job, Repeat));
    }

    private async Task<bool> IsOverAsync(LocalJob job, TimeSpan wait)
    {
        await Task.WhenAny(job.Over, Task.Delay(wait, time, _stop.Token));
        _stop.Token.ThrowIfCancellationRequested();
        return job.Over.IsCompleted;
    }

    private void Signal(LocalJob job, int signal)
    {
        // The group's number is the supervisor's: ours for certain as long as that one lives. Whom it leaves behind, the table ends.
        var leader = job.Leader!;
        if (leader.IsAlive(boot) && LibC.Kill(-leader.Pid, signal) == 0)
        {
            LogSignalled(job.Record.Name, signal);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Job {JobName} was sent signal {Signal}")]
    private partial void LogSignalled(string jobName, int signal);

    [LoggerMessage(LogLevel.Warning, "Job {JobName} did not end when told to and is being killed")]
    private partial void LogKilling(string jobName);

    [LoggerMessage(LogLevel.Warning, "The stop of job {JobName} could not be written into its directory")]
    private partial void LogNotRemembered(string jobName, Exception exception);

    [LoggerMessage(LogLevel.Error, "Ending job {JobName} failed")]
    private partial void LogEndingFailed(string jobName, Exception exception);
}
