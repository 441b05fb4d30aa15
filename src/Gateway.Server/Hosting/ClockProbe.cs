using Gateway.Core.Store;
using Gateway.Server.Api.Health;

namespace Gateway.Server.Hosting;

/// <summary>Whether this machine's clock agrees with the database's. Timeouts rest on the database's alone; certificates, sessions and logs on this one.</summary>
internal sealed class ClockProbe(IGatewayStore store, TimeProvider time) : IHealthProbe
{
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(5);

    public string Name => "clock";

    public bool IsCritical => false;

    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var before = time.GetUtcNow();
            var theirs = await store.PingAsync(cancellationToken);
            var after = time.GetUtcNow();

            // The answer was made at some moment between the two.
            var skew = theirs < before ? before - theirs : theirs > after ? after - theirs : TimeSpan.Zero;
            return skew.Duration() > Allowed
                ? $"this replica's clock is {skew.Duration().TotalSeconds:0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the database's"
                : null;
        }
        catch (StoreUnavailableException)
        {
            return null; // the database's own check says so
        }
    }
}
