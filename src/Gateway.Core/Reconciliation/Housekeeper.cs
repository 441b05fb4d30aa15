using Gateway.Core.Backends;
using Gateway.Core.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Tidies up: copies logs of ended jobs, removes what they left behind, forgets what is old.</summary>
internal sealed partial class Housekeeper(
    IJobStore store, BackendRegistry backends, JobLogStore logs, ReconcilerSettings settings, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<Housekeeper> logger)
    : LoopService(time, lifetime, logger)
{
    private const int Batch = 200;

    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        bool more = false;
        foreach (var instance in backends.All)
        {
            more |= await CleanAsync(instance, cancellationToken);
        }

        var removed = await store.RemoveEndedAsync(settings.RetainEnded, Batch, cancellationToken);
        foreach (string cluster in removed)
        {
            logs.Remove(cluster);
        }

        if (removed.Count > 0)
        {
            LogRemoved(Logger, removed.Count);
        }

        logs.RemoveOlder(settings.RetainLogs);
        return more || removed.Count == Batch ? TimeSpan.FromMilliseconds(50) : settings.TidyPeriod;
    }

    private async Task<bool> CleanAsync(BackendInstance instance, CancellationToken cancellationToken)
    {
        var jobs = await store.UncleanJobsAsync(instance.Name, instance.Backend.Node, TimeSpan.Zero, Batch, cancellationToken);
        if (jobs.Count == 0 || instance.Health.Pause > TimeSpan.Zero)
        {
            return false;
        }

        using var timeout = new CancellationTokenSource(instance.Limits.CallTimeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            foreach (var job in jobs)
            {
                await logs.CopyAsync(instance.Backend, job, either.Token);
            }

            await instance.Backend.CleanAsync([.. jobs.Select(j => new JobHandle(j.Name, j.Handle))], either.Token);
        }
        catch (Exception e) when (e is BackendUnavailableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogNotCleaned(Logger, jobs.Count, instance.Name, e.Message);
            return false;
        }

        await store.MarkCleanAsync([.. jobs.Select(j => j.Name)], cancellationToken);
        return jobs.Count == Batch;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Forgot {Count} clusters that ended long ago.")]
    private static partial void LogRemoved(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What {Count} ended jobs left at backend {Backend} could not be removed yet: {Reason}")]
    private static partial void LogNotCleaned(ILogger logger, int count, string backend, string reason);
}
