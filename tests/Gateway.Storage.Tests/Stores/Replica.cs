using Gateway.Core.Store;
using Gateway.Storage.Sessions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Storage.Tests.Stores;

/// <summary>The storage as one gateway process has it.</summary>
public sealed class Replica : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Replica(ServiceProvider services) => _services = services;

    public FakeTimeProvider? Time { get; private init; }

    public IClusterStore Clusters => _services.GetRequiredService<IClusterStore>();

    public IReconcileStore Reconcile => _services.GetRequiredService<IReconcileStore>();

    public IJobStore Jobs => _services.GetRequiredService<IJobStore>();

    public IGatewayStore Gateway => _services.GetRequiredService<IGatewayStore>();

    public IChangeSignal Signal => _services.GetRequiredService<IChangeSignal>();

    public IProtectionKeyStore ProtectionKeys => _services.GetRequiredService<IProtectionKeyStore>();

    public IDutyStore Duties => _services.GetRequiredService<IDutyStore>();

    internal StoreDatabase Database => _services.GetRequiredService<StoreDatabase>();

    public static Replica Make(IReadOnlyDictionary<string, string?> settings, FakeTimeProvider? time = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        if (time is not null)
        {
            services.AddSingleton<TimeProvider>(time);
        }

        services.AddGatewayStorage(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return new Replica(services.BuildServiceProvider()) { Time = time };
    }

    /// <summary>Begins to listen to other replicas.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();
    }
}
