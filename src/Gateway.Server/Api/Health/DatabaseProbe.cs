using Gateway.Core.Store;

namespace Gateway.Server.Api.Health;

/// <summary>Whether the database answers.</summary>
internal sealed class DatabaseProbe(IGatewayStore store) : IHealthProbe
{
    public string Name => "database";

    public bool IsCritical => true;

    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.PingAsync(cancellationToken);
            return null;
        }
        catch (StoreUnavailableException)
        {
            // Anybody may ask for our health: what the driver says of hosts and ports is for the log of those who needed it.
            return "the database does not answer";
        }
    }
}
