using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Store;

/// <summary>What executors, job monitors, the sweeper and the housekeeper do.</summary>
public interface IJobStore
{
    /// <summary>
    /// Claims what is to be done for a backend instance, oldest first. A stop is not claimed while a start of the same job is being tried;
    /// a start that nobody has begun and that a stop has overtaken is finished by the claim itself: its job is recorded as ended, never started.
    /// A start that was begun and whose claim ran out is claimed again, with a higher attempt; where the backend is node-bound, only on the node
    /// that has tried it, for nobody else can tell whether it took place. One that was begun, left no job behind that is known of and waits for
    /// its next try when a stop overtakes it is dropped: the stop then looks for that job by its name, where the start was tried.
    /// </summary>
    /// <param name="backend">The instance.</param>
    /// <param name="node">For a node-bound backend this replica's node: entries of other nodes' jobs are left. Null for a shared one.</param>
    /// <param name="max">Most entries.</param>
    /// <param name="claimFor">For how long nobody else claims them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<OutboxEntry>> ClaimOutboxAsync(string backend, string? node, int max, TimeSpan claimFor, CancellationToken cancellationToken);

    /// <summary>
    /// Finishes entries: job rows, events, wake-ups, in one transaction. A result whose claim was lost meanwhile changes nothing, so a finish
    /// whose commit is unknown may be repeated. A job that has ended stays ended, with the reason and exit code that were recorded first.
    /// </summary>
    Task FinishOutboxAsync(IReadOnlyList<OutboxResult> results, CancellationToken cancellationToken);

    /// <summary>Clusters by name, for the specifications of jobs to start.</summary>
    Task<IReadOnlyDictionary<string, ClusterSnapshot>> SnapshotsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>A backend's jobs that have not ended, some at a time, in the order of their names.</summary>
    /// <param name="backend">The instance.</param>
    /// <param name="node">For a node-bound backend this replica's node: jobs of other nodes are left out. Null: all.</param>
    /// <param name="after">Null to begin, then the name that the part before returned.</param>
    /// <param name="max">Most rows looked at.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The jobs, and the name to go on after; null: that was the last part. A row with a value this version does not know is left out.</returns>
    Task<(IReadOnlyList<Job> Jobs, string? Next)> LiveJobsAsync(string backend, string? node, string? after, int max, CancellationToken cancellationToken);

    /// <summary>Those of a backend's jobs that are named here and have not ended.</summary>
    Task<IReadOnlyList<Job>> LiveJobsByNameAsync(string backend, string? node, IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Records what a monitor has seen (state, reason, host, exit code; the store sets <see cref="Job.StateSince"/>), with lines for the timelines; wakes the clusters concerned. A job that has ended stays ended.</summary>
    Task RecordJobsAsync(IReadOnlyList<Job> jobs, IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken);

    /// <summary>Notes that a backend's jobs were listed just now. A gap longer than <paramref name="gap"/> since the last time sets a new beginning.</summary>
    Task RecordListingAsync(string backend, string? node, TimeSpan gap, CancellationToken cancellationToken);

    /// <summary>Which of these job names belong to a worker or cluster row that has not ended (or whose start is in the outbox), each with its job's handle; null: none was recorded yet.</summary>
    Task<IReadOnlyDictionary<string, string?>> KnownJobsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Notes that this replica can take heartbeats; after a gap longer than <paramref name="gap"/> hearing begins anew.</summary>
    Task PulseAsync(string replica, string version, TimeSpan gap, CancellationToken cancellationToken);

    /// <summary>Removes ended clusters (with workers, jobs, events) that ended before <paramref name="age"/> ago, some at a time.</summary>
    /// <returns>Names of the clusters removed, fewer than <paramref name="max"/> when none is left.</returns>
    Task<IReadOnlyList<string>> RemoveEndedAsync(TimeSpan age, int max, CancellationToken cancellationToken);

    /// <summary>Jobs that ended longer than <paramref name="age"/> ago and whose remains were not cleaned yet.</summary>
    Task<IReadOnlyList<Job>> UncleanJobsAsync(string backend, string? node, TimeSpan age, int max, CancellationToken cancellationToken);

    /// <summary>Notes that nothing of these jobs is left at the backend.</summary>
    Task MarkCleanAsync(IReadOnlyCollection<string> jobs, CancellationToken cancellationToken);

    /// <summary>Records how many clients are connected through this replica's proxy, by cluster.</summary>
    Task RecordClientsAsync(string replica, IReadOnlyDictionary<string, int> clients, CancellationToken cancellationToken);
}
