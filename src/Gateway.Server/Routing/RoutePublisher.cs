using System.Collections.Concurrent;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Store;
using Gateway.Proxy.Routing;

namespace Gateway.Server.Routing;

/// <summary>Keeps the proxy's table in step with the store: by name on a signal, whole now and then. A failed read withdraws nothing.</summary>
internal sealed partial class RoutePublisher : BackgroundService
{
    private static readonly TimeSpan WholePeriod = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly IClusterStore _store;
    private readonly RouteTable _table;
    private readonly BackendRegistry _backends;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<RoutePublisher> _logger;
    private readonly IDisposable _subscription;
    private volatile bool _whole = true;

    public RoutePublisher(
        IClusterStore store, IChangeSignal signal, RouteTable table, BackendRegistry backends, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<RoutePublisher> logger)
    {
        (_store, _table, _backends, _time, _lifetime, _logger) = (store, table, backends, time, lifetime, logger);
        _subscription = signal.Subscribe(OnChange);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            long readWhole = _time.GetTimestamp();
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    if (_whole || _time.GetElapsedTime(readWhole) >= WholePeriod)
                    {
                        readWhole = _time.GetTimestamp();
                        await PublishAllAsync(stoppingToken);
                    }

                    await PublishChangedAsync(stoppingToken);
                }
                catch (StoreUnavailableException e)
                {
                    LogUnread(_logger, e.Message);
                    await Task.Delay(RetryPause, _time, stoppingToken);
                    continue;
                }
#pragma warning disable CA1031 // Whatever a read met, the routes that are known serve on, and the next read begins anew.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    LogFailed(_logger, e);
                    await Task.Delay(RetryPause, _time, stoppingToken);
                    continue;
                }

                await _wake.WaitAsync(WholePeriod, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; open connections go on until they are drained.
        }
#pragma warning disable CA1031 // A gateway whose routes stand still must not look alive.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogDied(_logger, e);
            _lifetime.StopApplication();
        }
    }

    private async Task PublishAllAsync(CancellationToken cancellationToken)
    {
        // Marked as done first: what changes during the read asks for another.
        _whole = false;
        try
        {
            var clusters = await _store.RoutesAsync(names: null, cancellationToken);
            _table.ReplaceAll([.. clusters.SelectMany(Routes)]);
        }
        catch
        {
            _whole = true;
            throw;
        }
    }

    private async Task PublishChangedAsync(CancellationToken cancellationToken)
    {
        string[] names = [.. _changed.Keys];
        if (names.Length == 0)
        {
            return;
        }

        foreach (string name in names)
        {
            _changed.TryRemove(name, out _);
        }

        try
        {
            var routes = (await _store.RoutesAsync(names, cancellationToken)).SelectMany(Routes).ToDictionary(r => r.Name, StringComparer.Ordinal);
            foreach (string name in names.SelectMany(name => new[] { name, name + DaskJobs.WorkerNameSuffix }))
            {
                if (routes.TryGetValue(name, out var route))
                {
                    _table.Publish(route);
                }
                else
                {
                    _table.Withdraw(name);
                }
            }
        }
        catch
        {
            _whole = true;
            throw;
        }
    }

    /// <summary>The clients' way to a running cluster, and its workers' where they come through the gateway too.</summary>
    private IEnumerable<ClusterRoute> Routes(Cluster cluster)
    {
        if (cluster.Phase != ClusterPhase.Running || cluster.SchedulerAddress is not { } address || SchedulerEndpoints.Read(address, "tls") is not { } scheduler)
        {
            yield break;
        }

        yield return new ClusterRoute(cluster.Name, scheduler.Host, scheduler.Port, cluster.DashboardAddress is { } dashboard ? new Uri(dashboard) : null);
        if (cluster.Spec.WorkerBackend is { } backend && _backends.Find(backend)?.Dask.WorkerRoute == WorkerRoute.Proxy)
        {
            yield return new ClusterRoute(cluster.Name + DaskJobs.WorkerNameSuffix, scheduler.Host, scheduler.Port);
        }
    }

    private void OnChange(Change change)
    {
        switch (change.Kind)
        {
            case ChangeKind.Phase when change.Key.Length > 0:
                _changed[change.Key] = true;
                break;
            case ChangeKind.Phase or ChangeKind.Reset:
                _whole = true;
                break;
            default:
                return;
        }

        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already awake.
        }
    }

    public override void Dispose()
    {
        _subscription.Dispose();
        _wake.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Routes could not be read; those known stay as they are. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reading routes failed unexpectedly; those known stay as they are")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The routes' publisher has died; the gateway stops.")]
    private static partial void LogDied(ILogger logger, Exception exception);
}
