using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local;

internal sealed partial class LocalBackend
{
    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(1);

    /// <summary>Finds the jobs of an earlier gateway again, and goes on with what it had begun.</summary>
    private void Recover()
    {
        try
        {
            var jobs = _table.All();
            foreach (var job in jobs)
            {
                if (job.End is null && job.Directory.ReadStop() is not null)
                {
                    _ender.Begin(job);
                }
            }

            LogRecovered(_table.Live, jobs.Count);
        }
        catch (Exception e)
        {
            // The next listing tries again, and tells its caller.
            LogUpkeepFailed(e);
        }
    }

    private async Task UpkeepAsync()
    {
        using var timer = new PeriodicTimer(_options.CheckPeriod, _time);
        var swept = _time.GetTimestamp() - (long)(Sweep.TotalSeconds * _time.TimestampFrequency);
        try
        {
            await _recovered;
            do
            {
                try
                {
                    _table.LookAround();
                    BoundLogs();
                    ForgetOld();
                    if (_time.GetElapsedTime(swept) >= Sweep)
                    {
                        swept = _time.GetTimestamp();
                        await _trash.EmptyAsync(_stop.Token);
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogUpkeepFailed(e);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private void BoundLogs()
    {
        foreach (var job in _table.Known)
        {
            // Once more after the end, for what was written last.
            if (!job.IsBounded)
            {
                job.IsBounded = job.End is not null;
                _logs.Bound(job);
            }
        }
    }

    /// <summary>Deletes what nobody will ask for any more.</summary>
    private void ForgetOld()
    {
        var old = _time.GetUtcNow() - _options.KeepEnded;
        foreach (var job in _table.Known)
        {
            if (job.End is not null && job.EndedAt < old && Take(new(job.Record.Name, job.Record.Handle)) is not null)
            {
                LogForgotten(job.Record.Name);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Found {Live} running jobs in {Known} directories")]
    private partial void LogRecovered(int live, int known);

    [LoggerMessage(LogLevel.Information, "The directory of job {JobName}, which ended long ago, was removed")]
    private partial void LogForgotten(string jobName);

    [LoggerMessage(LogLevel.Error, "Looking after the local jobs failed; it is tried again")]
    private partial void LogUpkeepFailed(Exception exception);
}
