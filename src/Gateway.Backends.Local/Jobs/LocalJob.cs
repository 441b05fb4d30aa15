using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Jobs;

/// <summary>What is known of a job, beyond its directory. Changed only by its table and its ender, under its own lock.</summary>
/// <param name="record">Its description.</param>
/// <param name="directory">Its directory.</param>
internal sealed class LocalJob(JobRecord record, JobDirectory directory)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stopping;
    private int _sweeping;

    public JobRecord Record { get; } = record;

    public JobDirectory Directory { get; } = directory;

    /// <summary>Its supervisor; null while that has not written itself down.</summary>
    public ProcessIdentity? Leader { get; set; }

    /// <summary>Its supervisor is our child, and must be reaped.</summary>
    public bool IsChild { get; init; }

    /// <summary>Its end will be told by the kernel.</summary>
    public bool IsWatched { get; set; }

    /// <summary>We saw the supervisor alive: until its number is used again, its session is the job's.</summary>
    public bool WasSeenAlive { get; set; }

    /// <summary>The supervisor's own exit code or 128 + signal, where we were its parent.</summary>
    public int? Reaped { get; set; }

    /// <summary>Its output was bounded after its end.</summary>
    public bool IsBounded { get; set; }

    /// <summary>How far the front of its output and error files was given back.</summary>
    public long[] Trimmed { get; } = [0, 0];

    /// <summary>How it ended; null: something of it is left.</summary>
    public JobEnd? End { get; private set; }

    /// <summary>Completes when nothing of it is left.</summary>
    public Task Over => _over.Task;

    public bool IsStopping => Volatile.Read(ref _stopping) != 0;

    /// <summary>True for the first who wants to end it.</summary>
    public bool BeginStop() => Interlocked.Exchange(ref _stopping, 1) == 0;

    /// <summary>True for the first who ends what it has left behind.</summary>
    public bool BeginSweep() => Interlocked.Exchange(ref _sweeping, 1) == 0;

    public void EndSweep() => Volatile.Write(ref _sweeping, 0);

    /// <summary>When it ended, as nearly as is known; set before <see cref="End"/>.</summary>
    public DateTimeOffset EndedAt { get; private set; }

    public void Finish(JobEnd end, DateTimeOffset now)
    {
        EndedAt = Directory.LastChange() ?? now;
        End = end;
        _over.TrySetResult();
    }

    public JobReport Report(string node) => new()
    {
        Name = Record.Name,
        Cluster = Record.Cluster,
        Kind = Record.Kind,
        Handle = Record.Handle,
        State = End is not null ? JobState.Ended : Leader is null ? JobState.Pending : JobState.Running,
        Reason = End is { } end ? end.Reason : IsStopping ? "is being stopped" : null,
        Host = node,
        ExitCode = End?.ExitCode,
        SubmittedAt = Record.SubmittedAt,
        Scope = node,
    };
}
