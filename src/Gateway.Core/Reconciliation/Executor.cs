using Gateway.Core.Backends;
using Gateway.Core.Store;
using Gateway.Core.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Reconciliation;

/// <summary>Does what plans have saved for one backend instance: claims in bulk, across clusters, one call for all of a kind.</summary>
internal sealed partial class Executor : LoopService
{
    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(250);
    private readonly BackendInstance _instance;
    private readonly IJobStore _store;
    private readonly StartRunner _starts;
    private readonly GatewayMetrics _metrics;
    private readonly ReconcilerSettings _settings;
    private readonly SemaphoreSlim _calls;
    private readonly IDisposable _subscription;

    public Executor(
        BackendInstance instance,
        IJobStore store,
        IChangeSignal signal,
        StartRunner starts,
        GatewayMetrics metrics,
        ReconcilerSettings settings,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        ILogger<Executor> logger)
        : base(time, lifetime, logger)
    {
        (_instance, _store, _starts, _metrics, _settings) = (instance, store, starts, metrics, settings);
        _calls = new SemaphoreSlim(instance.Limits.Calls);
        _subscription = signal.Subscribe(change =>
        {
            if (change.Kind == ChangeKind.Reset || (change.Kind == ChangeKind.Outbox && (change.Key.Length == 0 || change.Key == instance.Name)))
            {
                Wake();
            }
        });
    }

    protected override string LoopName => $"the executor of backend '{_instance.Name}'";

    /// <summary>Until a call must have begun, as long as a call at most half a minute: it ends while the claim still holds.</summary>
    private TimeSpan Margin => _instance.Limits.CallTimeout < LongestMargin ? _instance.Limits.CallTimeout : LongestMargin;

    private TimeSpan ClaimTime => _instance.Limits.CallTimeout + Margin;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);

        // What has been begun is finished: an outcome that is known now need not be asked for later.
        for (int i = 0; i < _instance.Limits.Calls; i++)
        {
            await _calls.WaitAsync(cancellationToken);
        }
    }

    protected internal override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (_instance.Health.Pause is var pause && pause > TimeSpan.Zero)
        {
            return pause < _settings.PollPeriod ? pause : _settings.PollPeriod;
        }

        await _calls.WaitAsync(cancellationToken);
        IReadOnlyList<OutboxEntry> entries = [];
        var window = new ClaimWindow(Time, Margin);
        try
        {
            // Waited for, also by a replica that stops: what it has claimed without knowing would lie idle until the claim runs out.
            entries = await _store.ClaimOutboxAsync(_instance.Name, _instance.Backend.Node, _instance.Limits.Batch, ClaimTime, CancellationToken.None);
        }
        finally
        {
            if (entries.Count == 0)
            {
                _calls.Release();
            }
        }

        if (entries.Count == 0)
        {
            return _settings.PollPeriod;
        }

        _ = RunAsync(entries, window);

        // Fewer than were asked for: there were no others, and those that there are by now have woken us.
        return entries.Count < _instance.Limits.Batch ? _settings.PollPeriod : TimeSpan.Zero;
    }

    private async Task RunAsync(IReadOnlyList<OutboxEntry> entries, ClaimWindow window)
    {
        try
        {
            await Task.WhenAll(entries.GroupBy(e => e.Action).Select(group => RunAsync(group.Key, [.. group], window)));
        }
#pragma warning disable CA1031 // The entries stay claimed for a while and are then tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogUnfinished(Logger, e, entries.Count, _instance.Name);
        }
        finally
        {
            _calls.Release();
        }
    }

    private async Task RunAsync(OutboxAction action, IReadOnlyList<OutboxEntry> entries, ClaimWindow window)
    {
        using var activity = GatewayTelemetry.Source.StartActivity($"outbox.{action}".ToLowerInvariant(), System.Diagnostics.ActivityKind.Internal, entries[0].TraceParent);
        activity?.SetTag("backend", _instance.Name).SetTag("jobs", entries.Count);
        using var timeout = new CancellationTokenSource(_instance.Limits.CallTimeout, Time);
        long begun = Time.GetTimestamp();
        var results = await AskAsync(action, entries, window, timeout.Token);
        Count(action, results);
        await FinishAsync(results, begun);
    }

    private async Task<IReadOnlyList<OutboxResult>> AskAsync(OutboxAction action, IReadOnlyList<OutboxEntry> entries, ClaimWindow window, CancellationToken cancellationToken)
    {
        long begun = Time.GetTimestamp();
        try
        {
            var results = action switch
            {
                OutboxAction.Start => await _starts.RunAsync(_instance, entries, window, cancellationToken),
                OutboxAction.Stop => await StopRunner.RunAsync(_instance, entries, cancellationToken),
                _ => await AddressRunner.RunAsync(_instance, entries, cancellationToken),
            };
            _metrics.Call(_instance.Name, action.ToString(), answered: true, Time.GetElapsedTime(begun));
            _instance.Health.Answered();
            return results;
        }
        catch (Exception e) when (e is StoreUnavailableException or ClaimOverException)
        {
            // What a start needs could not be read (in time): it was not tried. The claim, if it holds still, is given back as soon as the store takes it.
            LogNotTried(Logger, e.Message, action, entries.Count);
            return [.. entries.Select(entry => new OutboxResult { Entry = entry, RetryAfter = ShortPause, NotTried = entry.Attempt == 1 })];
        }
#pragma warning disable CA1031 // Whatever a backend throws, nothing is known then.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Call(_instance.Name, action.ToString(), answered: false, Time.GetElapsedTime(begun));
            return IsSilence(e) ? Unanswered(action, entries, e)
                : entries.Count > 1 ? await HalvesAsync(action, entries, window, cancellationToken)
                : [Failed(action, entries[0], e)];
        }
    }

    /// <summary>
    /// A batch with one job in it that the backend fails on must not hold up the others: each half is tried by itself, and what the call
    /// before may have done already is adopted.
    /// </summary>
    private async Task<IReadOnlyList<OutboxResult>> HalvesAsync(OutboxAction action, IReadOnlyList<OutboxEntry> entries, ClaimWindow window, CancellationToken cancellationToken)
    {
        var results = new List<OutboxResult>(entries.Count);
        foreach (var half in entries.Chunk((entries.Count + 1) / 2))
        {
            results.AddRange(await AskAsync(action, [.. half.Select(e => e with { Attempt = Math.Max(2, e.Attempt) })], window, cancellationToken));
        }

        return results;
    }

    /// <summary>What is known is not given up because the store is away for a moment: until the claim runs out it can still be told.</summary>
    private async Task FinishAsync(IReadOnlyList<OutboxResult> results, long begun)
    {
        for (var pause = ShortPause; ; pause *= 2)
        {
            try
            {
                // A gateway that stops finishes what it has begun.
                await _store.FinishOutboxAsync(results, CancellationToken.None);
                return;
            }
            catch (StoreUnavailableException) when (Time.GetElapsedTime(begun) + pause < ClaimTime)
            {
                await Task.Delay(pause, Time, CancellationToken.None);
            }
        }
    }

    private static bool IsSilence(Exception exception) => exception is BackendUnavailableException or OperationCanceledException;

    /// <summary>Nothing is known of any of them: they are asked for, then tried again, after a pause.</summary>
    private List<OutboxResult> Unanswered(OutboxAction action, IReadOnlyList<OutboxEntry> entries, Exception exception)
    {
        string reason = exception is BackendUnavailableException ? exception.Message : $"It did not answer within {_instance.Limits.CallTimeout.TotalSeconds:0} seconds.";
        var pause = _instance.Health.Failed(reason);
        LogBackendFailed(Logger, exception, _instance.Name, action, entries.Count, pause);
        var told = new HashSet<string>(StringComparer.Ordinal);
        return
        [
            .. entries.Select(entry => new OutboxResult
            {
                Entry = entry,
                RetryAfter = pause,
                Event = entry.Attempt == 1 && told.Add(entry.Cluster)
                    ? new() { Cluster = entry.Cluster, Kind = Events.EventKinds.Backend, Message = $"'{_instance.Name}' does not answer; the gateway keeps trying. {reason}" }
                    : null,
            }),
        ];
    }

    /// <summary>The backend failed on one job: that says nothing of the others, so the backend itself is not left alone.</summary>
    private OutboxResult Failed(OutboxAction action, OutboxEntry entry, Exception exception)
    {
        var pause = StopRunner.Pause(entry.Attempt);
        LogJobFailed(Logger, exception, _instance.Name, action, entry.Job, pause);
        return new()
        {
            Entry = entry,
            RetryAfter = pause,
            Event = entry.Attempt <= 2
                ? new() { Cluster = entry.Cluster, Worker = entry.Kind == JobKind.Worker ? entry.Job : null, Kind = Events.EventKinds.Backend, Message = $"'{_instance.Name}' failed unexpectedly; the gateway keeps trying, and its log has the details." }
                : null,
        };
    }

    private void Count(OutboxAction action, IReadOnlyList<OutboxResult> results)
    {
        foreach (var group in results.GroupBy(r => r switch { { RetryAfter: not null } => "again", { Job: { State: JobState.Ended } } => "ended", _ => "done" }))
        {
            _metrics.Jobs(_instance.Name, action.ToString(), group.Key, group.Count());
        }
    }

    public override void Dispose()
    {
        _subscription.Dispose();
        _calls.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backend {Backend} did not answer when asked to {Action} {Count} jobs; trying again in {Pause}.")]
    private static partial void LogBackendFailed(ILogger logger, Exception exception, string backend, OutboxAction action, int count, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Backend {Backend} failed unexpectedly when asked to {Action} {JobName}; trying again in {Pause}.")]
    private static partial void LogJobFailed(ILogger logger, Exception exception, string backend, OutboxAction action, string jobName, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not tried: {Reason} To {Action} {Count} jobs is tried again soon.")]
    private static partial void LogNotTried(ILogger logger, string reason, OutboxAction action, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} outbox entries of backend {Backend} could not be finished; they are tried again when their claim has run out.")]
    private static partial void LogUnfinished(ILogger logger, Exception exception, int count, string backend);
}
