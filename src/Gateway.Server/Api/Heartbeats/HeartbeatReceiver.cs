using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Proxy.Routing;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth.ClusterToken;
using Gateway.Server.Caching;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Takes one heartbeat from the request that brings it to the store.</summary>
internal sealed class HeartbeatReceiver(
    ClusterTokens tokens, RecentHeartbeats recent, RouteTable routes, PromptCheck check, HeartbeatQueue queue, ApiSettings settings, TimeProvider time)
{
    private const int MostClusters = 1_000;

    // A scheduler that names address after address must not keep this machine busy with looking.
    private static readonly TimeSpan NotAgainFor = TimeSpan.FromMinutes(1);

    private readonly BoundedCache<string, bool> _looked = new(MostClusters, time);

    /// <remarks>Not broken off where whoever sent it hangs up: it counts all the same, and what it waits for is bounded in time.</remarks>
    /// <exception cref="StoreUnavailableException">It could not be stored, or it is not known whether it was.</exception>
    public async Task ReceiveAsync(string cluster, HttpContext http)
    {
        if (!await tokens.ValidateAsync(cluster, http.Request.Headers.Authorization, CancellationToken.None))
        {
            await ClusterTokens.ChallengeAsync(http);
            return;
        }

        ReceivedHeartbeat received;
        using (var body = await RequestBody.ReadAsync(http.Request, settings.MaxHeartbeatSize, CancellationToken.None))
        {
            received = recent.Read(cluster, body.Span);
        }

        // Who has a route is known to be where it says.
        if (!routes.TryGet(cluster, out _) && _looked.TryAdd(cluster, true, NotAgainFor))
        {
            received = received with { Checked = await check.CheckAsync(cluster, received.Heartbeat, CancellationToken.None) };
        }

        await queue.StoreAsync(received);
        http.Response.ContentLength = 0;
    }
}
