using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Reconciliation;

/// <summary>Stops jobs, again and again until they are gone: one that was told to end may be forgotten by its batch system.</summary>
internal static class StopRunner
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    public static async Task<IReadOnlyList<OutboxResult>> RunAsync(BackendInstance instance, IReadOnlyList<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        var outcomes = await instance.Backend.StopAsync([.. entries.Select(e => new JobHandle(e.Job, e.Handle))], cancellationToken);
        return [.. entries.Zip(outcomes, (entry, outcome) => Result(instance, entry, outcome))];
    }

    private static OutboxResult Result(BackendInstance instance, OutboxEntry entry, StopOutcome outcome) => outcome == StopOutcome.Ending
        ? new() { Entry = entry, RetryAfter = Pause(entry.Attempt) }
        : new()
        {
            Entry = entry,
            Job = new Job
            {
                Name = entry.Job,
                Cluster = entry.Cluster,
                Kind = entry.Kind,
                Backend = instance.Name,
                Node = instance.Backend.Node,
                Handle = entry.Handle,
                State = JobState.Ended,
                Reason = "It was stopped.",
            },
        };

    /// <summary>Long enough for most to be gone by then, which ends the matter without another call.</summary>
    public static TimeSpan Pause(int attempt)
    {
        var pause = FirstPause * Math.Pow(2, Math.Clamp(attempt - 1, 0, 10));
        return pause < LongestPause ? pause : LongestPause;
    }
}
