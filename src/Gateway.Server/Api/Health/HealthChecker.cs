namespace Gateway.Server.Api.Health;

/// <summary>Asks all probes, together and at most once a second however many ask for the result.</summary>
internal sealed partial class HealthChecker(IEnumerable<IHealthProbe> probes, TimeProvider time, ILogger<HealthChecker> logger)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    private readonly IHealthProbe[] _probes = [.. probes];
    private readonly Lock _lock = new();
    private Task<HealthReport>? _latest;
    private long _askedAt;

    /// <summary>The state of a moment ago at most.</summary>
    public Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_latest is null || (_latest.IsCompleted && time.GetElapsedTime(_askedAt) >= KeepFor))
            {
                _askedAt = time.GetTimestamp();
                _latest = AskAsync();
            }

            return _latest.WaitAsync(cancellationToken);
        }
    }

    private async Task<HealthReport> AskAsync()
    {
        var problems = await Task.WhenAll(_probes.Select(AskAsync));
        var failed = _probes.Zip(problems).Where(pair => pair.Second is not null).ToList();
        if (failed.Count == 0)
        {
            return new(HealthReport.Pass);
        }

        var checks = failed.ToDictionary(pair => pair.First.Name, pair => pair.Second!);
        return failed.Find(pair => pair.First.IsCritical) is (not null, not null) critical
            ? new(HealthReport.Fail, critical.Second, checks)
            : new(HealthReport.Warn, null, checks);
    }

    private async Task<string?> AskAsync(IHealthProbe probe)
    {
        using var deadline = new CancellationTokenSource(ProbeTimeout, time);
        try
        {
            return await probe.CheckAsync(deadline.Token).WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return $"no answer within {ProbeTimeout.TotalSeconds} s";
        }
        catch (Exception e)
        {
            LogProbeFailed(e, probe.Name);
            return "the check itself failed; the log says more";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Health check {Probe} failed")]
    private partial void LogProbeFailed(Exception exception, string probe);
}
