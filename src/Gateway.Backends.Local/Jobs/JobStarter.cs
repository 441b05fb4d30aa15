using System.Runtime.InteropServices;
using System.Text;
using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local.Jobs;

/// <summary>Makes a job's directory and its supervisor, exactly once whatever happens in between.</summary>
/// <remarks>
/// Everything is prepared under the job's lock; the supervisor is made with a copy of that lock. A death before that step
/// leaves a directory without process and a free lock, which the next try clears away; after it the lock is held, or the
/// supervisor has written itself down, and the next try adopts.
/// </remarks>
internal sealed partial class JobStarter(
    JobTable table, Trash trash, LocalOptions options, string gatewayId, string? accountTool, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Full = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);
    private readonly Lock _limit = new();
    private int _starting;

    /// <returns>Null while somebody else is starting it at this very moment: ask again.</returns>
    public StartOutcome? TryStart(JobStart start, Account account)
    {
        lock (table.Gate(start.Name))
        {
            if (table.Find(start.Name) is { } job)
            {
                return job.Leader is null ? null : Started(job);
            }

            if (!Reserve())
            {
                return new StartOutcome.Deferred(Full, $"This machine runs {options.MaxJobs} jobs, as many as it is set to; this one waits for another to end.");
            }

            try
            {
                return Make(start, account);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotStarted(start.Name, e);
                return new StartOutcome.Deferred(Short, $"The job's directory could not be made: {e.Message}");
            }
            finally
            {
                lock (_limit)
                {
                    _starting--;
                }
            }
        }
    }

    private bool Reserve()
    {
        lock (_limit)
        {
            if (table.Live + _starting >= options.MaxJobs)
            {
                return false;
            }

            _starting++;
            return true;
        }
    }

    private StartOutcome? Make(JobStart start, Account account)
    {
        var directory = table.DirectoryOf(start.Name);
        if (directory.ReadRecord() is { } other && other.Gateway != gatewayId)
        {
            return new StartOutcome.Refused($"A job named '{start.Name}' of another gateway lies in the same folder.");
        }

        using var taken = TakeEmpty(directory);
        if (taken is null)
        {
            return null;
        }

        var handle = Guid.NewGuid().ToString("N");
        var runAs = options.RunAs == RunAs.Account ? account : null;
        var record = new JobRecord(gatewayId, start.Name, start.Cluster, start.Kind, handle, time.GetUtcNow(), runAs?.Name);
        Prepare(directory, start, account, record, runAs is not null);

        var command = Supervisor.Command(
            directory.Supervise,
            options.Nice,
            options.OomScoreAdjust,
            runAs is null ? null : AccountChange.Prefix(accountTool!, runAs),
            start.Command);
        string[] environment = [$"PATH={JobEnvironment.DefaultPath}", $"{Supervisor.Marker}={handle}"];
        var error = Spawner.Spawn(command, environment, directory.Output, directory.Error, taken.Descriptor, out var pid);
        if (error == 0)
        {
            var job = table.Add(record, directory, pid);
            LogStarted(start.Name, pid);
            return Started(job);
        }

        trash.Take(directory.Path);
        var message = Marshal.GetPInvokeErrorMessage(error);
        return error == LibC.E2BIG
            ? new StartOutcome.Refused("The job's command is too long for this machine.")
            : new StartOutcome.Deferred(Short, $"This machine cannot make another process: {message}.");
    }

    /// <summary>Takes the lock of a directory that has nothing else; what a broken-off start has left there is thrown away.</summary>
    private JobLock? TakeEmpty(JobDirectory directory)
    {
        while (true)
        {
            Directory.CreateDirectory(directory.Path, JobDirectory.PrivateFolder);
            var taken = JobLock.TryTake(directory.Lock);
            if (taken is null)
            {
                return null;
            }

            if (!directory.HasLeftovers())
            {
                return taken;
            }

            using (taken)
            {
                if (directory.ReadLeader() is not null)
                {
                    // It has come to be since we looked: another process of this gateway was faster.
                    return null;
                }

                trash.Take(directory.Path);
            }
        }
    }

    private void Prepare(JobDirectory directory, JobStart start, Account account, JobRecord record, bool change)
    {
        if (change)
        {
            File.SetUnixFileMode(directory.Path, JobDirectory.PassableFolder);
        }

        Directory.CreateDirectory(directory.Work, JobDirectory.PrivateFolder);
        foreach (var file in start.Files)
        {
            var path = Path.Combine(directory.Work, file.Name);
            JobDirectory.Create(path, file.Content.Span);
            Own(path);
        }

        var home = options.Home == HomeFolder.Account && Directory.Exists(account.Home) ? account.Home : directory.Work;
        var variables = JobEnvironment.Of(options.InheritEnvironment, account, home, record.Handle, start.Environment);
        JobDirectory.Create(directory.Environment, Encoding.UTF8.GetBytes(JobEnvironment.Script(variables)));
        Own(directory.Environment);
        JobDirectory.Create(directory.Supervise, Encoding.UTF8.GetBytes(Supervisor.Script(change)));

        // The folder last: before that its new owner cannot put anything in our way.
        Own(directory.Work);
        directory.WriteRecord(record);

        void Own(string path)
        {
            if (change && LibC.Lchown(path, account.User, account.Group) != 0)
            {
                throw new IOException($"'{path}' could not be given to account '{account.Name}': {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
    }

    private static StartOutcome.Started Started(LocalJob job) => new(job.Record.Handle, job.End is null ? JobState.Running : JobState.Ended);

    [LoggerMessage(LogLevel.Information, "Job {JobName} was started as process {Pid}")]
    private partial void LogStarted(string jobName, int pid);

    [LoggerMessage(LogLevel.Warning, "Job {JobName} could not be started")]
    private partial void LogNotStarted(string jobName, Exception exception);
}
