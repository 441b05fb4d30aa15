using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Waiting;

/// <summary>Holds requests until a cluster has left the pending state. Changes wake them; any number that wait for one cluster cost one reading each time.</summary>
/// <remarks>
/// A waiter joins a round before it reads, so a change after its reading wakes it. For signals that were lost there is one query every few
/// seconds for all clusters that somebody waits for.
/// </remarks>
internal sealed partial class ClusterWaiters : IDisposable
{
    private static readonly TimeSpan FallbackPeriod = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (WaitRound Round, int Waiters)> _rounds = [];
    private readonly IClusterStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _stopping;
    private readonly ILogger<ClusterWaiters> _logger;
    private readonly IDisposable _subscription;
    private readonly ITimer _fallback;
    private int _fallbackRuns;

    public ClusterWaiters(
        IClusterStore store, IChangeSignal signal, TimeProvider time, ApiSettings settings, IHostApplicationLifetime lifetime, ILogger<ClusterWaiters> logger)
    {
        _store = store;
        _time = time;
        _timeout = settings.WaitTimeout;
        _stopping = lifetime.ApplicationStopping;
        _logger = logger;
        _subscription = signal.Subscribe(Hear);
        _fallback = time.CreateTimer(_ => _ = CatchUpAsync(), null, FallbackPeriod, FallbackPeriod);
    }

    /// <summary>How many requests wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _rounds.Values.Sum(entry => entry.Waiters);
            }
        }
    }

    /// <summary>The cluster as soon as it is no longer pending, or as it is when the time is up or this process shuts down; null: it is gone.</summary>
    public async Task<ClusterView?> WaitAsync(ClusterView view, CancellationToken cancellationToken)
    {
        var name = view.Cluster.Name;
        var startedAt = _time.GetTimestamp();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        var round = Join(name);
        try
        {
            while (true)
            {
                var latest = await ReadAsync(round, view);
                if (latest is null || !latest.Phase.IsPending())
                {
                    return latest;
                }

                view = latest;
                var left = _timeout - _time.GetElapsedTime(startedAt);
                if (left <= TimeSpan.Zero || !await ChangedAsync(round, left, either.Token))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return view;
                }

                round = Latest(name);
            }
        }
        finally
        {
            Leave(name);
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _fallback.Dispose();
    }

    private async Task<bool> ChangedAsync(WaitRound round, TimeSpan left, CancellationToken cancellationToken)
    {
        await round.Changed.WaitAsync(left, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return round.Changed.IsCompleted;
    }

    // While the database is away the cluster is as it was: an error would make the client give up and stop it.
    private static async Task<ClusterView?> ReadAsync(WaitRound round, ClusterView known)
    {
        try
        {
            return await round.ReadAsync();
        }
        catch (StoreUnavailableException)
        {
            return known;
        }
    }

    private WaitRound Join(string name)
    {
        lock (_lock)
        {
            var (round, waiters) = _rounds.TryGetValue(name, out var found) ? found : (NewRound(name), 0);
            _rounds[name] = (round, waiters + 1);
            return round;
        }
    }

    private WaitRound Latest(string name)
    {
        lock (_lock)
        {
            return _rounds[name].Round;
        }
    }

    private void Leave(string name)
    {
        lock (_lock)
        {
            var (round, waiters) = _rounds[name];
            if (waiters == 1)
            {
                _rounds.Remove(name);
            }
            else
            {
                _rounds[name] = (round, waiters - 1);
            }
        }
    }

    // The reading is shared, so no single request may end it; the store bounds it in time.
    private WaitRound NewRound(string name) => new(() => _store.FindAsync(name, CancellationToken.None));

    private void Hear(Change change)
    {
        if (change.Kind == ChangeKind.Phase && change.Key.Length > 0)
        {
            Wake(change.Key);
        }
        else if (change.Kind is ChangeKind.Phase or ChangeKind.Reset)
        {
            foreach (var name in Names())
            {
                Wake(name);
            }
        }
    }

    private void Wake(string name)
    {
        lock (_lock)
        {
            if (_rounds.TryGetValue(name, out var found))
            {
                // The next round begins here, not when somebody asks for it: its reading then surely follows the change.
                _rounds[name] = (NewRound(name), found.Waiters);
                found.Round.Tell();
            }
        }
    }

    private List<string> Names()
    {
        lock (_lock)
        {
            return [.. _rounds.Keys];
        }
    }

    private async Task CatchUpAsync()
    {
        var names = Names();
        if (names.Count == 0 || Interlocked.Exchange(ref _fallbackRuns, 1) == 1)
        {
            return;
        }

        try
        {
            foreach (var cluster in await _store.RoutesAsync(names, _stopping))
            {
                Wake(cluster.Name);
            }
        }
        catch (Exception e)
        {
            LogCatchUpFailed(e);
        }
        finally
        {
            Volatile.Write(ref _fallbackRuns, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Clusters that requests wait for could not be read; the next attempt follows")]
    private partial void LogCatchUpFailed(Exception exception);
}
