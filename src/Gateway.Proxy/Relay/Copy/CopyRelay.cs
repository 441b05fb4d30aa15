using System.Collections.Concurrent;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>The relay for every system: asynchronous sockets, and buffers from a pool while bytes are on their way.</summary>
internal sealed class CopyRelay : IRelay
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly RelayContext _context;
    private readonly CopyAdmission _admission;
    private readonly ConcurrentDictionary<Socket, Acceptor> _acceptors = new();
    private readonly ConcurrentDictionary<CopyConnection, byte> _connections = new();
    private readonly RelayCounters _counters = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private int _live;

    public CopyRelay(RelayContext context)
    {
        _context = context;
        _admission = new CopyAdmission(context, _counters);
        _timer = context.Time.CreateTimer(_ => CheckSilence(), null, Look, Look);
    }

    public RelayMode Mode => RelayMode.Copy;

    public IReadOnlyList<RelayCounters> Counters => [_counters];

    public Task ListenAsync(Socket listener, IWebSink? web)
    {
        SocketSettings.Apply(listener, _context.Options.KeepAlive);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _acceptors[listener] = new Acceptor(stop, AcceptAsync(listener, web, stop.Token));
        return Task.CompletedTask;
    }

    public async Task StopListeningAsync(Socket listener)
    {
        if (_acceptors.TryRemove(listener, out var acceptor))
        {
            await acceptor.Stop.CancelAsync();
            await acceptor.Task;
            acceptor.Stop.Dispose();
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Look, _context.Time);
        try
        {
            while (Volatile.Read(ref _live) > 0 && await timer.WaitForNextTickAsync(cancellationToken))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Time is up: the rest is cut below.
        }

        await CutAllAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _acceptors.Keys)
        {
            await StopListeningAsync(listener);
        }

        await CutAllAsync();
        await _timer.DisposeAsync();
    }

    private async Task CutAllAsync()
    {
        await _stopping.CancelAsync();
        foreach (var connection in _connections.Keys)
        {
            connection.Cut(Failure.Shutdown);
        }
    }

    private void CheckSilence()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.CheckSilence();
        }
    }

    private async Task AcceptAsync(Socket listener, IWebSink? web, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                try
                {
                    var client = await listener.AcceptAsync(stop);
                    if (_context.IsShort(client.Handle))
                    {
                        client.Dispose();
                        await PauseAsync(stop);
                    }
                    else
                    {
                        _ = HandleAsync(client, web);
                    }
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                {
                    await PauseAsync(stop);
                }
                catch (SocketException)
                {
                    // That client has gone before it was accepted; the next one is another matter.
                    continue;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception e)
        {
            _context.Failure.Report("accept loop", e);
        }
    }

    // The listening socket stays ready: accepting again at once would spin.
    private Task PauseAsync(CancellationToken stop)
    {
        _counters.CountRefused(Refusal.OutOfDescriptors);
        _context.TellOutOfDescriptors();
        return Task.Delay(Pause, _context.Time, stop);
    }

    private async Task HandleAsync(Socket client, IWebSink? web)
    {
        Interlocked.Increment(ref _live);
        try
        {
            var connection = await _admission.AdmitAsync(client, web, _stopping.Token);
            if (connection is not null)
            {
                await RunAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            client.Dispose(); // it broke, or the process stops, before there was anything to relay
        }
        finally
        {
            Interlocked.Decrement(ref _live);
        }
    }

    private async Task RunAsync(AdmittedConnection admitted)
    {
        var connection = new CopyConnection(admitted.Client, admitted.Scheduler, admitted.Route, _context, _counters);
        _connections[connection] = 0;
        if (_stopping.IsCancellationRequested)
        {
            connection.Cut(Failure.Shutdown);
        }

        try
        {
            await connection.RunAsync();
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            admitted.Route.Connections.Release(wasOpen: true, _context.Time);
            _context.Limits.Leave(admitted.SourceKey);
        }
    }

    private sealed record Acceptor(CancellationTokenSource Stop, Task Task);
}
