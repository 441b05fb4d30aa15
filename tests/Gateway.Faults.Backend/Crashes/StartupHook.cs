using System.Diagnostics;
using Gateway.Core.Store;
using Gateway.Faults.Backend;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

/// <summary>Runs in the gateway's process before its own code (<c>DOTNET_STARTUP_HOOKS</c>) and puts crash points before its stores: the product knows nothing of it.</summary>
internal static class StartupHook
{
    /// <summary>Called by the runtime.</summary>
    public static void Initialize()
    {
        if (CrashPoint.Configured is { } point)
        {
            DiagnosticListener.AllListeners.Subscribe(new Listeners(point));
        }
    }

    private static void Decorate(IServiceCollection services, CrashPoint point)
    {
        Decorate<IReconcileStore>(services, point);
        Decorate<IJobStore>(services, point);
        Decorate<IClusterStore>(services, point);
        Decorate<IDutyStore>(services, point);
        Decorate<IGatewayStore>(services, point);
        Decorate<IProtectionKeyStore>(services, point);
    }

    private static void Decorate<T>(IServiceCollection services, CrashPoint point)
        where T : class
    {
        var inner = services.Last(s => s.ServiceType == typeof(T));
        services.Remove(inner);
        services.AddSingleton(provider => point.Around(
            (T)(inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
    }

    private sealed class Listeners(CrashPoint point) : IObserver<DiagnosticListener>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                value.Subscribe(new Building(point));
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }

    private sealed class Building(CrashPoint point) : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilding", Value: IHostBuilder host })
            {
                host.ConfigureServices((_, services) => Decorate(services, point));
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
