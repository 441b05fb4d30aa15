using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Clusters;

/// <summary>Passes an owner's commands on to the scheduler of a running cluster.</summary>
internal sealed partial class SchedulerDesk(IClusterStore store, ILogger<SchedulerDesk> logger)
{
    /// <summary>Sends a command, and tells of it in the timeline.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="what">What was asked for, as a sentence for the timeline.</param>
    /// <param name="send">Sends it to an address with a token; answers what went wrong, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PublicException">409: the cluster does not run, or its scheduler did not take the command and the cluster has failed for that.</exception>
    public async Task SendAsync(ClusterView view, string what, Func<string, string, Task<string?>> send, CancellationToken cancellationToken)
    {
        var cluster = view.Cluster;
        if (view.Phase != ClusterPhase.Running || cluster.ApiAddress is not { Length: > 0 } address)
        {
            throw NotRunning(view);
        }

        var credentials = await store.CredentialsAsync([cluster.Name], cancellationToken);
        if (!credentials.TryGetValue(cluster.Name, out var secrets))
        {
            throw ClusterDoor.Unknown(cluster.Name);
        }

        if (await send(address, secrets.Token) is not { } problem)
        {
            await TellAsync(cluster.Name, what, cancellationToken);
            return;
        }

        // It may have ended meanwhile as it was asked to: then that is the reason, not the silence.
        var now = await store.FindAsync(cluster.Name, cancellationToken) ?? throw ClusterDoor.Unknown(cluster.Name);
        if (now.Phase != ClusterPhase.Running)
        {
            throw NotRunning(now);
        }

        var reason = $"Its scheduler took no command: {problem}.";
        await store.RequestStopAsync(cluster.Name, reason, failed: true, cancellationToken);
        throw new PublicException(409, $"Cluster {cluster.Name} has failed. {reason}");
    }

    // The scheduler has taken the command: a line that is missing from the timeline must not tell its owner otherwise.
    private async Task TellAsync(string cluster, string what, CancellationToken cancellationToken)
    {
        try
        {
            await store.AppendEventsAsync([new() { Cluster = cluster, Kind = EventKinds.ClusterScaled, Message = what }], cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            LogNotTold(cluster, what, e.Message);
        }
    }

    private static PublicException NotRunning(ClusterView view)
    {
        var reason = view.Cluster.Phase.IsEnded() ? view.Cluster.Reason : view.StopReason ?? view.Cluster.Reason;
        return new(409, $"Cluster {view.Cluster.Name} is {ClusterStatus.Show(view.Phase)}, so its workers cannot be scaled{(reason is null ? "." : $": {reason}")}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The timeline of {ClusterName} lacks a line, for the database did not answer: {What} ({Reason})")]
    private partial void LogNotTold(string clusterName, string what, string reason);
}
