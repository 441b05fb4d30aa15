using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Reconciliation;

/// <summary>Checks addresses that schedulers have named against the jobs they claim to be.</summary>
internal static class AddressRunner
{
    public static async Task<IReadOnlyList<OutboxResult>> RunAsync(BackendInstance instance, IReadOnlyList<OutboxEntry> entries, CancellationToken cancellationToken) =>
        await Task.WhenAll(entries.Select(entry => CheckAsync(instance, entry, cancellationToken)));

    private static async Task<OutboxResult> CheckAsync(BackendInstance instance, OutboxEntry entry, CancellationToken cancellationToken)
    {
        var (host, ports) = SchedulerEndpoints.ParseArgument(entry.Argument ?? "");
        var verdict = await instance.Backend.CheckAddressAsync(new JobHandle(entry.Job, entry.Handle), host, ports, cancellationToken);
        return verdict == AddressVerdict.NotYet
            ? new() { Entry = entry, RetryAfter = TimeSpan.FromMilliseconds(Math.Min(2000, 100 << Math.Min(entry.Attempt, 8))) }
            : new()
            {
                Entry = entry,
                Job = new Job
                {
                    Name = entry.Job,
                    Cluster = entry.Cluster,
                    Kind = entry.Kind,
                    Backend = instance.Name,
                    Handle = entry.Handle,
                    CheckedAddress = entry.Argument,
                    AddressVerdict = verdict,
                },
            };
    }
}
