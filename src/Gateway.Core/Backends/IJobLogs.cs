using Gateway.Core.Clusters;

namespace Gateway.Core.Backends;

/// <summary>Output of jobs, running or ended, wherever it is kept.</summary>
public interface IJobLogs
{
    /// <summary>Part of a job's output; null where there is none.</summary>
    /// <param name="job">The job.</param>
    /// <param name="stream">Which of its streams.</param>
    /// <param name="offset">Bytes from the start, 0 or more; a negative value counts from the end.</param>
    /// <param name="max">Most bytes to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BackendUnavailableException">The batch system did not answer.</exception>
    Task<JobLog?> ReadAsync(Job job, JobOutput stream, long offset, int max, CancellationToken cancellationToken);
}
