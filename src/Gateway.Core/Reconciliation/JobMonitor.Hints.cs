using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>What a backend tells before a listing would.</summary>
internal sealed partial class JobMonitor
{
    private static readonly TimeSpan HintSpacing = TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private Dictionary<string, JobReport> _hints = new(StringComparer.Ordinal);
    private Task? _watch;

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var reports in _instance.Backend.WatchAsync(cancellationToken))
            {
                lock (_lock)
                {
                    foreach (var report in reports)
                    {
                        _hints[report.Name] = report;
                    }
                }

                Wake();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
#pragma warning disable CA1031 // Hints only: the listing goes on, and the watch begins anew with the next round.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogWatchFailed(Logger, e, _instance.Name);
        }
    }

    private bool HasHints()
    {
        lock (_lock)
        {
            return _hints.Count > 0;
        }
    }

    private async Task ApplyHintsAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, JobReport> hints;
        lock (_lock)
        {
            if (_hints.Count == 0)
            {
                return;
            }

            (hints, _hints) = (_hints, new(StringComparer.Ordinal));
        }

        var jobs = new List<Job>();
        foreach (string[] names in hints.Keys.Chunk(Piece))
        {
            jobs.AddRange(await _store.LiveJobsByNameAsync(_instance.Name, _instance.Backend.Node, names, cancellationToken));
        }

        await RecordAsync(jobs, hints, cancellationToken);
        if (jobs.Count(j => j.Handle is not null && hints.ContainsKey(j.Name)) < hints.Count)
        {
            // A hint may be quicker than the record of the start: then the next listing, soon, has the same news.
            _everListed = _everListed && Time.GetElapsedTime(_listed) < HintSpacing;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backend {Backend} stopped telling of changes; it is listed meanwhile, and asked again.")]
    private static partial void LogWatchFailed(ILogger logger, Exception exception, string backend);
}
