using System.Collections.Concurrent;
using Gateway.Backends.Local.Processes;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local.Jobs;

/// <summary>All jobs of this gateway, as their directories tell them; memory only saves reading the directories again.</summary>
internal sealed partial class JobTable : IAsyncDisposable
{
    private const int Gates = 64;
    private readonly string _gatewayId;
    private readonly string _boot;
    private readonly LocalOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ExitWatcher _watcher;
    private readonly ConcurrentDictionary<string, LocalJob> _jobs = new(StringComparer.Ordinal);
    private readonly Lock[] _gates = [.. Enumerable.Range(0, Gates).Select(_ => new Lock())];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _settling;

    public JobTable(string folder, string gatewayId, string boot, LocalOptions options, TimeProvider time, ILogger logger)
    {
        Folder = folder;
        (_gatewayId, _boot, _options, _time, _logger) = (gatewayId, boot, options, time, logger);
        _watcher = new ExitWatcher("local job exits");
        _settling = Task.Run(SettleAsync);
    }

    /// <summary>Where the jobs' directories lie.</summary>
    public string Folder { get; }

    /// <summary>Told of each job when nothing of it is left.</summary>
    public event Action<IReadOnlyList<LocalJob>>? Ended;

    /// <summary>What memory has, without a look at the disk.</summary>
    public IEnumerable<LocalJob> Known => _jobs.Values;

    /// <summary>Jobs of which something is left.</summary>
    public int Live => _jobs.Values.Count(job => job.End is null);

    /// <summary>Serializes starting, stopping and cleaning of one name.</summary>
    public Lock Gate(string name) => _gates[(uint)string.GetHashCode(name, StringComparison.Ordinal) % Gates];

    public JobDirectory DirectoryOf(string name) => new(Path.Combine(Folder, name));

    /// <summary>A job by its name; null when there is none, or its start was broken off before its process existed.</summary>
    public LocalJob? Find(string name)
    {
        if (!JobNames.IsValid(name))
        {
            return null;
        }

        lock (Gate(name))
        {
            return _jobs.TryGetValue(name, out var known) ? Refresh(known) : Load(name);
        }
    }

    /// <summary>Every job, ended ones too.</summary>
    public IReadOnlyList<LocalJob> All()
    {
        var found = new Dictionary<string, LocalJob>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateDirectories(Folder))
        {
            if (Find(Path.GetFileName(path)) is { } job)
            {
                found[job.Record.Name] = job;
            }
        }

        foreach (var (name, job) in _jobs)
        {
            if (found.ContainsKey(name))
            {
                continue;
            }

            // Somebody removed the directory: what runs still is ours nevertheless.
            if (job.End is null || Directory.Exists(job.Directory.Path))
            {
                found[name] = job;
            }
            else
            {
                _jobs.TryRemove(KeyValuePair.Create(name, job));
            }
        }

        return [.. found.Values];
    }

    /// <summary>Takes in a job whose supervisor was just made by us.</summary>
    public LocalJob Add(JobRecord record, JobDirectory directory, int pid)
    {
        // It cannot have gone from the table of processes: we have not reaped it.
        var stat = ProcessStat.Read(pid);
        var job = new LocalJob(record, directory)
        {
            IsChild = true,
            Leader = new ProcessIdentity(pid, stat?.Start ?? 0, _boot),
        };
        _jobs[record.Name] = job;
        Follow(job);
        return job;
    }

    /// <summary>Forgets an ended job whose directory was taken away.</summary>
    public void Remove(LocalJob job) => _jobs.TryRemove(KeyValuePair.Create(job.Record.Name, job));

    /// <summary>Looks at the jobs whose end the kernel does not tell.</summary>
    public void LookAround()
    {
        foreach (var job in _jobs.Values)
        {
            if (job.Leader is null)
            {
                Find(job.Record.Name);
            }
            else if (job.End is null && !job.IsWatched && !job.Leader.IsAlive(_boot))
            {
                Settle(job);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _watcher.Dispose();
        _leaderless.Writer.TryComplete();
        await _settling;
        _stop.Dispose();
    }

    private LocalJob? Load(string name)
    {
        var directory = DirectoryOf(name);
        if (directory.ReadRecord() is not { } record || record.Gateway != _gatewayId || record.Name != name)
        {
            return null;
        }

        var job = new LocalJob(record, directory);
        if (!FindLeader(job))
        {
            return null;
        }

        _jobs[name] = job;
        return job;
    }

    private LocalJob? Refresh(LocalJob job)
    {
        if (job.Leader is null && !FindLeader(job))
        {
            Remove(job);
            return null;
        }

        return job;
    }

    /// <summary>Looks for a job's supervisor; false when there never was one.</summary>
    private bool FindLeader(LocalJob job)
    {
        var leader = job.Directory.ReadLeader();
        if (leader is null && !JobLock.IsHeld(job.Directory.Lock))
        {
            // It may have written itself down, run and ended between the two looks.
            leader = job.Directory.ReadLeader();
            if (leader is null)
            {
                return false;
            }
        }

        if (leader is not null)
        {
            job.Leader = leader;
            Follow(job);
        }

        return true;
    }

    private void Follow(LocalJob job)
    {
        var leader = job.Leader!;
        if (leader.Boot != _boot)
        {
            job.Finish(JobEnd.MachineRestarted, _time.GetUtcNow());
            return;
        }

        job.WasSeenAlive = job.IsChild || leader.IsAlive(_boot);
        job.IsWatched = _watcher.Watch(leader, _boot, () => Settle(job));
        if (!job.IsWatched && !leader.IsAlive(_boot))
        {
            Settle(job);
        }
    }

    [LoggerMessage(LogLevel.Information, "Job {JobName} ended: {Reason}")]
    private partial void LogEnded(string jobName, string reason);

    [LoggerMessage(LogLevel.Warning, "Job {JobName} has left {Count} processes behind; they are being ended")]
    private partial void LogLeftovers(string jobName, int count);

    [LoggerMessage(LogLevel.Error, "Looking after ended jobs failed; they are looked at again")]
    private partial void LogSettlingFailed(Exception exception);
}
