using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>
/// Checks the addresses of a scheduler that reports for the first time while its heartbeat is on its way to the store, where that is but a look
/// at this machine: the next plan can take the cluster in at once. What it leaves open a plan asks the executor for, as of any other backend.
/// </summary>
/// <param name="backends">Those that are configured here.</param>
/// <param name="store">Where the scheduler's job is found.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of checks that failed.</param>
public sealed partial class PromptCheck(BackendRegistry backends, IClusterStore store, TimeProvider time, ILogger<PromptCheck> logger)
{
    // A name has to be looked up, or the machine is very busy: then the executor does it, and the scheduler does not wait.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.2);

    private readonly bool _isOfUse = backends.All.Any(instance => instance.Backend.ChecksAddressesAtOnce);

    /// <summary>Finds out whether a scheduler is where its heartbeat says.</summary>
    /// <returns>Its job with the checked address, if it is; null: not known, or known already.</returns>
    /// <exception cref="StoreUnavailableException">The job could not be read.</exception>
    public async Task<Job?> CheckAsync(string cluster, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        if (!_isOfUse
            || SchedulerEndpoints.Parse(heartbeat) is not { } endpoints
            || await store.JobAsync(cluster, cancellationToken) is not { Handle: not null } job
            || job.CheckedAddress == endpoints.Argument
            || backends.Find(job.Backend)?.Backend is not { ChecksAddressesAtOnce: true } backend
            || backend.Node != job.Node)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var verdict = await backend.CheckAddressAsync(new JobHandle(job.Name, job.Handle), endpoints.Host, endpoints.Ports, either.Token);
            return verdict == AddressVerdict.Yes ? job with { CheckedAddress = endpoints.Argument, AddressVerdict = verdict } : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // The heartbeat counts all the same.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFailed(e, cluster);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The addresses of cluster {ClusterName} could not be checked with its first heartbeat; the executor will check them.")]
    private partial void LogFailed(Exception exception, string clusterName);
}
