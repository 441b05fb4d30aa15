using Gateway.Core.Backends;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Core.Reconciliation;

/// <summary>Runs an executor and a monitor for each configured backend.</summary>
internal sealed class BackendLoops(BackendRegistry backends, IServiceProvider services) : IHostedService, IDisposable
{
    private readonly List<LoopService> _loops =
    [
        .. backends.All.SelectMany(instance => new LoopService[]
        {
            ActivatorUtilities.CreateInstance<Executor>(services, instance),
            ActivatorUtilities.CreateInstance<JobMonitor>(services, instance),
        }),
    ];

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_loops.Select(l => l.StartAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_loops.Select(l => l.StopAsync(cancellationToken)));

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }
    }
}
