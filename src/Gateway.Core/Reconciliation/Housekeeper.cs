using Gateway.Core.Backends;
using Gateway.Core.Clusters;
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
                await CopyAsync(instance, job, either.Token);
            }

            await instance.Backend.CleanAsync([.. jobs.Select(j => new JobHandle(j.Name, j.Handle))], either.Token);
        }
#pragma warning disable CA1031 // A backend that cannot be tidied up must keep neither the others nor the database from it.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotCleaned(Logger, e, jobs.Count, instance.Name);
            return false;
        }

        await store.MarkCleanAsync([.. jobs.Select(j => j.Name)], cancellationToken);
        return jobs.Count == Batch;
    }

    private async Task CopyAsync(BackendInstance instance, Job job, CancellationToken cancellationToken)
    {
        try
        {
            await logs.CopyAsync(instance.Backend, job, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A log that cannot be read or kept is lost; the credentials beside it must go all the same.
            LogNotCopied(Logger, e, job.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Forgot {Count} clusters that ended long ago.")]
    private static partial void LogRemoved(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of job {JobName} could not be copied.")]
    private static partial void LogNotCopied(ILogger logger, Exception exception, string jobName);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What {Count} ended jobs left at backend {Backend} could not be removed yet.")]
    private static partial void LogNotCleaned(ILogger logger, Exception exception, int count, string backend);
}
