using Gateway.Core.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>A loop that runs as long as the gateway: a failed round is logged and tried again after a growing pause, and a loop that ends by itself stops the host.</summary>
internal abstract partial class LoopService(TimeProvider time, IHostApplicationLifetime lifetime, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly Waker _waker = new(time);

    protected TimeProvider Time => time;

    protected ILogger Logger => logger;

    protected virtual string LoopName => GetType().Name;

    /// <summary>One round. Returns how long to sleep unless woken.</summary>
    protected internal abstract Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken);

    /// <summary>After the last round, when the gateway stops.</summary>
    protected virtual Task LeaveAsync() => Task.CompletedTask;

    protected void Wake() => _waker.Wake();

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();

        // No new work as soon as the gateway is asked to stop: others take it on while this one's connections drain.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await RunAsync(either.Token);
        await LeaveAsync();
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            int failures = 0;
            while (!stoppingToken.IsCancellationRequested)
            {
                TimeSpan pause;
                try
                {
                    pause = await RunOnceAsync(stoppingToken);
                    failures = 0;
                }
                catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
                {
                    return;
                }
#pragma warning disable CA1031 // Whatever one round met, the next one starts from the store again.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    pause = TimeSpan.FromSeconds(0.25 * Math.Pow(2, Math.Min(failures++, 10)));
                    pause = (pause < LongestPause ? pause : LongestPause) * (0.75 + (Random.Shared.NextDouble() / 2));
                    if (e is StoreUnavailableException)
                    {
                        LogStoreUnavailable(logger, LoopName, e.Message, pause);
                    }
                    else
                    {
                        LogRoundFailed(logger, e, LoopName, pause);
                    }
                }

                await _waker.SleepAsync(pause, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
#pragma warning disable CA1031 // A gateway whose loop is dead must not look alive.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogLoopDied(logger, e, LoopName);
            lifetime.StopApplication();
        }
    }

    public override void Dispose()
    {
        _waker.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Loop} could not reach the store: {Reason} Trying again in {Pause}.")]
    private static partial void LogStoreUnavailable(ILogger logger, string loop, string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round of {Loop} failed; trying again in {Pause}.")]
    private static partial void LogRoundFailed(ILogger logger, Exception exception, string loop, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Loop} has died; the gateway stops.")]
    private static partial void LogLoopDied(ILogger logger, Exception exception, string loop);
}
