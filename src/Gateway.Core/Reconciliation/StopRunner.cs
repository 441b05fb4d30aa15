using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Reconciliation;

/// <summary>Stops jobs. One that only begins to end is followed by the monitor.</summary>
internal static class StopRunner
{
    public static async Task<IReadOnlyList<OutboxResult>> RunAsync(BackendInstance instance, IReadOnlyList<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        var outcomes = await instance.Backend.StopAsync([.. entries.Select(e => new JobHandle(e.Job, e.Handle))], cancellationToken);
        return [.. entries.Zip(outcomes, (entry, outcome) => Result(instance, entry, outcome))];
    }

    private static OutboxResult Result(BackendInstance instance, OutboxEntry entry, StopOutcome outcome) => new()
    {
        Entry = entry,
        Job = outcome == StopOutcome.Ending
            ? null
            : new Job
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
}
