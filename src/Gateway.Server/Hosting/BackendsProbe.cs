using Gateway.Core.Backends;
using Gateway.Server.Api.Health;

namespace Gateway.Server.Hosting;

/// <summary>Whether the backends answer. One that does not is a warning: the others, and all that runs already, go on.</summary>
internal sealed class BackendsProbe(BackendRegistry backends) : IHealthProbe
{
    public string Name => "backends";

    public bool IsCritical => false;

    public Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        string[] silent =
        [
            .. backends.All
                .Where(instance => instance.Health.Silent)
                .Select(instance => $"'{instance.Name}' failed {instance.Health.Failures} times in a row; it is asked again in {instance.Health.Pause.TotalSeconds:0} s"),
        ];

        // Anybody may ask for our health: what the tools say of hosts is for the log and the owners' timelines.
        return Task.FromResult(silent.Length == 0 ? null : string.Join("; ", silent));
    }
}
