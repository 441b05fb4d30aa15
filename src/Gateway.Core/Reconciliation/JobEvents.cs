using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;

namespace Gateway.Core.Reconciliation;

/// <summary>Tells in a timeline what happened to jobs: one line for all of a cluster that met the same.</summary>
internal static class JobEvents
{
    public static IReadOnlyList<ClusterEvent> For(string backend, IReadOnlyList<(Job Before, Job After)> changes) =>
    [
        .. changes
            .Where(c => c.Before.State != c.After.State || c.Before.Reason != c.After.Reason)
            .Where(c => c.After.State != JobState.Pending || c.After.Reason is not null)
            .GroupBy(c => (c.After.Cluster, c.After.Kind, c.After.State, c.After.Reason, c.After.ExitCode))
            .Select(g => Line(backend, [.. g.Select(c => c.After)])),
    ];

    private static ClusterEvent Line(string backend, List<Job> jobs)
    {
        var job = jobs[0];
        string who = (job.Kind, jobs.Count) switch
        {
            (JobKind.Scheduler, _) => "The scheduler's job",
            (_, 1) => "The worker's job",
            (_, var count) => $"{count} workers' jobs",
        };
        bool one = jobs.Count == 1;
        string end = job.Reason is null ? "." : ":";
        string what = job.State switch
        {
            JobState.Running when one => $"runs on {job.Host ?? backend}{end}",
            JobState.Running => $"run{end}",
            JobState.Held => $"{(one ? "is" : "are")} held:",
            JobState.Ended => $"{(one ? "has" : "have")} ended{Code(job)}{end}",
            _ => $"{(one ? "waits" : "wait")}:",
        };
        return new()
        {
            Cluster = job.Cluster,
            Worker = job.Kind == JobKind.Worker && one ? job.Name : null,
            Kind = EventKinds.JobChanged,
            Message = $"{who} {what} {job.Reason}".TrimEnd(),
            Count = one ? null : jobs.Count,
        };
    }

    // Backends often say it themselves.
    private static string Code(Job job) =>
        job.ExitCode is { } code && job.Reason?.Contains($"exit code {code}", StringComparison.Ordinal) != true ? $" with exit code {code}" : "";
}
