using Gateway.Core.Store;
using Gateway.Storage.Clusters;
using Gateway.Storage.Configuration;
using Gateway.Storage.Encryption;
using Gateway.Storage.Jobs;
using Gateway.Storage.Lifecycle;
using Gateway.Storage.Postgres;
using Gateway.Storage.Reconciliation;
using Gateway.Storage.Sessions;
using Gateway.Storage.Signals;
using Gateway.Storage.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Storage;

/// <summary>Puts the storage into a host.</summary>
public static class StorageRegistration
{
    /// <summary>
    /// Registers all stores of Gateway.Core as section <c>Storage</c> says, validated when the host starts. <see cref="IGatewayStore.OpenAsync"/>
    /// must have returned before any other of them is used.
    /// </summary>
    public static IServiceCollection AddGatewayStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StorageOptions>()
            .Bind(configuration.GetSection(StorageOptions.Section))
            .Configure(options =>
            {
                if (options.EncryptionKeys.Length == 0)
                {
                    options.EncryptionKeys = configuration[StorageOptions.EncryptionKeysVariable] ?? "";
                }
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<StorageOptions>>().Value);
        services.AddSingleton<ChangeHub>();
        services.AddSingleton<IChangeSignal>(provider => provider.GetRequiredService<ChangeHub>());
        services.AddSingleton<StoreMetrics>();
        services.AddSingleton<DataFolder>();
        services.AddSingleton<StoreKeys>();
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton<PostgresDatabase>();
        services.AddSingleton<StoreDatabase>(provider => provider.GetRequiredService<StorageOptions>().Kind == StorageProvider.Postgres
            ? provider.GetRequiredService<PostgresDatabase>()
            : provider.GetRequiredService<SqliteDatabase>());
        services.AddHostedService<ChangeListener>();
        services.AddSingleton<IClusterStore, ClusterStore>();
        services.AddSingleton<IReconcileStore, ReconcileStore>();
        services.AddSingleton<IJobStore, JobStore>();
        services.AddSingleton<IGatewayStore, GatewayStore>();
        services.AddSingleton<IProtectionKeyStore, ProtectionKeyStore>();
        services.AddSingleton<IDutyStore, DutyStore>();
        return services;
    }
}
