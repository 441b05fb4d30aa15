using Gateway.Core.Clusters;

namespace Gateway.Core.Backends;

/// <summary>Starts, watches and stops the jobs of one batch system, orchestrator or machine.</summary>
/// <remarks>
/// Only the executor and the sweeper start and stop; anyone may list and read. A backend keeps no memory of its jobs that
/// must outlive it: a job carries the gateway's identity, its cluster and its name, and whatever else is needed to find it
/// again is in its handle. All methods may be called concurrently, are bounded in time, and throw
/// <see cref="BackendUnavailableException"/> when the batch system did not answer.
/// </remarks>
public interface IJobBackend
{
    /// <summary>The machine whose replicas alone can serve this backend's jobs; null for a shared backend.</summary>
    string? Node { get; }

    /// <summary>Whether jobs run as, or are booked on, the account of their <see cref="ClusterSpec"/>. Where not, users whom no account is mapped to can have clusters too.</summary>
    bool UsesAccounts => true;

    /// <summary>How often <see cref="ListAsync"/> is worth calling.</summary>
    TimeSpan ListPeriod { get; }

    /// <summary>The scope (schedd, node, namespace) that a handle's job lives in, as <see cref="JobReport.Scope"/> names it.</summary>
    string ScopeOf(string handle) => "";

    /// <summary>The longest that the batch system lets a worker's job of this specification run, counted from the job's start; null: no limit. Workers are told to hand over their data and leave before it.</summary>
    TimeSpan? MaxJobDuration(ClusterSpec spec) => null;

    /// <summary>Asks once, at start-up, whether the batch system takes this gateway at all.</summary>
    /// <returns>A sentence when it refuses for good (a key, a right or a tool is missing), with which the gateway ends; null when it is well, or does not answer just now.</returns>
    Task<string?> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Whether jobs of a specification could be started here, asked when a cluster is created.</summary>
    /// <returns>A sentence for the owner that names what is wrong and what is allowed; null when nothing is.</returns>
    Task<string?> CheckSpecAsync(ClusterSpec spec, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Starts any number of jobs at once. A job whose name exists already is adopted, not started twice.</summary>
    /// <returns>One outcome per job, in order.</returns>
    Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken);

    /// <summary>Ends jobs, found by handle or, where that is not known, by name. A job that is not there is <see cref="StopOutcome.Gone"/>.</summary>
    /// <returns>One outcome per job, in order.</returns>
    Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken);

    /// <summary>Every job of this gateway, in one query.</summary>
    Task<JobListing> ListAsync(CancellationToken cancellationToken);

    /// <summary>How jobs that are no longer listed have ended, where it can be told; others are left out.</summary>
    Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken);

    /// <summary>Whether <see cref="CheckAddressAsync"/> is but a look at this machine, so that the request which brings a heartbeat can wait for it.</summary>
    bool ChecksAddressesAtOnce => false;

    /// <summary>Whether a job really is at the addresses that its scheduler has named.</summary>
    /// <param name="job">The scheduler's job.</param>
    /// <param name="host">A name or an address, the same for all.</param>
    /// <param name="ports">Each 1 to 65535; at least one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Yes: at all of them. No: one is another's.</returns>
    Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken);

    /// <summary>Part of a job's output; null where there is none (any more).</summary>
    /// <param name="job">The job, running or ended not long ago.</param>
    /// <param name="stream">Which of its streams.</param>
    /// <param name="offset">Bytes from the start, 0 or more; a negative value counts from the end.</param>
    /// <param name="max">Most bytes to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken);

    /// <summary>Removes what an ended job has left behind (working directory, credentials), after its logs were copied.</summary>
    Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken);

    /// <summary>Changes as they happen, where the backend hears of them before a listing would. A hint only: a listing remains the truth. Ends with the token.</summary>
    IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync(CancellationToken cancellationToken);
}
