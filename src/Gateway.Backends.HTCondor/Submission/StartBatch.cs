using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>What has become of the jobs of one call so far.</summary>
internal sealed class StartBatch(int count)
{
    private readonly StartOutcome?[] _outcomes = new StartOutcome?[count];
    private readonly string?[] _failures = new string?[count];

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

    /// <summary>Nothing is known of a job: HTCondor did not answer.</summary>
    public void Fail(int index, string reason) => _failures[index] = reason;

    /// <exception cref="BackendUnavailableException">HTCondor did not answer for any job that was not refused before it was asked.</exception>
    public IReadOnlyList<StartOutcome> Outcomes(TimeSpan soon)
    {
        if (_failures.FirstOrDefault(failure => failure is not null) is { } reason && _outcomes.All(outcome => outcome is null))
        {
            throw new BackendUnavailableException($"HTCondor does not answer: {reason}");
        }

        return [.. _outcomes.Select((outcome, i) => outcome ?? new StartOutcome.Deferred(soon, $"HTCondor does not answer: {_failures[i] ?? "it was not asked"}"))];
    }
}
