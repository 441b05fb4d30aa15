using Gateway.Core.Store;
using Gateway.Storage.Configuration;
using Gateway.Storage.Sessions;
using Gateway.Storage.Signals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Storage.Postgres;

/// <summary>Hears of other replicas' changes. After every connect everything may have changed: it says so.</summary>
internal sealed partial class ChangeListener(
    IServiceProvider services, StorageOptions options, ChangeHub hub, StoreMetrics metrics, TimeProvider time, ILogger<ChangeListener> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // A connection that died without a word is found out by asking.
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Kind != StorageProvider.Postgres)
        {
            return;
        }

        var database = services.GetRequiredService<PostgresDatabase>();
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(database, () => pause = ShortestPause, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever ended this connection, the next one begins with a reset.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogLost(logger, database.Translate(e).Message, pause);
            }

            // Jitter keeps replicas from coming back all at once.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task ListenAsync(PostgresDatabase database, Action connected, CancellationToken cancellationToken)
    {
        await using var connection = await BoundedAsync(token => database.ConnectAsync(token).AsTask(), cancellationToken);
        connection.Notification += (_, notification) =>
        {
            var (sender, changes) = Announcement.Decode(notification.Payload);
            if (sender != database.Sender)
            {
                hub.Publish(changes);
            }
        };
        await ExecuteAsync(connection, $"LISTEN {Announcement.Channel}", cancellationToken);
        connected();
        metrics.ListenerConnected();
        hub.Publish([new Change(ChangeKind.Reset, "")]);
        while (true)
        {
            if (!await connection.WaitAsync(AskPeriod, cancellationToken))
            {
                await ExecuteAsync(connection, "SELECT 1", cancellationToken);
            }
        }
    }

    private Task<int> ExecuteAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken) => BoundedAsync(
        async token =>
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this class.
            command.CommandText = statement;
#pragma warning restore CA2100
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);

    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.CommandTimeout);
        return await work(deadline.Token);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes of other replicas are not heard: {Reason} Connecting again in about {Pause}; until then they are found by polling.")]
    private static partial void LogLost(ILogger logger, string reason, TimeSpan pause);
}
