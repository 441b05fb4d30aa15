using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>What has become of the jobs of one call so far.</summary>
internal sealed class StartBatch(int count)
{
    private readonly StartOutcome?[] _outcomes = new StartOutcome?[count];
    private readonly string?[] _failures = new string?[count];
    private bool _uncertain;

    /// <summary>Whether something is known of a job.</summary>
    public bool IsSettled(int index) => _outcomes[index] is not null;

    public void Set(int index, StartOutcome outcome) => _outcomes[index] = outcome;

    public void Set(IEnumerable<PreparedJob> jobs, StartOutcome outcome)
    {
        foreach (var job in jobs)
        {
            _outcomes[job.Index] = outcome;
        }
    }

    public void Started(PreparedJob job, Schedd schedd, JobId id, JobState state = JobState.Pending) =>
        Set(job.Index, new StartOutcome.Started(new CondorHandle(schedd.Scope, id, job.Account, job.Start.Cluster).ToString(), state));

    /// <summary>A job was not submitted: HTCondor did not answer.</summary>
    /// <param name="index">The job's place.</param>
    /// <param name="reason">What was said.</param>
    /// <param name="mayExist">True: it, or an earlier try, may have been submitted all the same.</param>
    public void Fail(int index, string reason, bool mayExist)
    {
        _failures[index] = reason;
        _uncertain |= mayExist;
    }

    /// <exception cref="BackendUnavailableException">
    /// HTCondor did not answer for any job, or it is open for one whether it exists: the next try of all must ask first, also after a restart.
    /// </exception>
    public IReadOnlyList<StartOutcome> Outcomes(TimeSpan soon)
    {
        if (_failures.FirstOrDefault(failure => failure is not null) is { } reason && (_uncertain || _outcomes.All(outcome => outcome is null)))
        {
            throw new BackendUnavailableException($"HTCondor does not answer: {reason}");
        }

        return [.. _outcomes.Select((outcome, i) => outcome ?? new StartOutcome.Deferred(soon, $"HTCondor does not answer: {_failures[i] ?? "it was not asked"}"))];
    }
}
