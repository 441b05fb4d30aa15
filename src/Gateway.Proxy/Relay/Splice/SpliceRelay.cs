using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>The relay inside the kernel: a few loops that share the listening sockets.</summary>
internal sealed class SpliceRelay : IRelay
{
    private static readonly TimeSpan DrainLook = TimeSpan.FromMilliseconds(20);

    private readonly RelayContext _context;
    private readonly RelayLoop[] _loops;
    private readonly Dictionary<Socket, Listening> _listeners = [];
    private readonly SemaphoreSlim _listening = new(1);
    private int _lastId;

    public SpliceRelay(RelayContext context)
    {
        _context = context;
        int count = context.Options.Loops > 0 ? context.Options.Loops : Math.Min(Environment.ProcessorCount, 16);
        _loops = [.. Enumerable.Range(0, count).Select(i => new RelayLoop(this, context, i))];
        Counters = [.. _loops.Select(loop => loop.Counters)];
        context.Routes.BecameUsable += LookAgain;
    }

    public RelayMode Mode => RelayMode.Splice;

    public IReadOnlyList<RelayCounters> Counters { get; }

    internal IReadOnlyList<RelayLoop> Loops => _loops;

    public async Task ListenAsync(Socket listener, IWebSink? web)
    {
        await _listening.WaitAsync();
        try
        {
            bool added = false;
            listener.SafeHandle.DangerousAddRef(ref added); // until no loop has it any more
            int fd = (int)listener.SafeHandle.DangerousGetHandle();
            TcpSettings.ApplyToListener(fd, _context.Options.KeepAlive);
            var listening = new Listening(++_lastId, fd, web);
            _listeners.Add(listener, listening);
            await Task.WhenAll(_loops.Select(loop => loop.ListenAsync(listening)));
        }
        finally
        {
            _listening.Release();
        }
    }

    public async Task StopListeningAsync(Socket listener)
    {
        await _listening.WaitAsync();
        try
        {
            if (_listeners.Remove(listener, out var listening))
            {
                await Task.WhenAll(_loops.Select(loop => loop.StopListeningAsync(listening)));
                listener.SafeHandle.DangerousRelease();
            }
        }
        finally
        {
            _listening.Release();
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(DrainLook, _context.Time);
        try
        {
            while (_loops.Any(loop => loop.Live > 0) && await timer.WaitForNextTickAsync(cancellationToken))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Time is up: the rest is cut below.
        }

        await Task.WhenAll(_loops.Select(loop => loop.StopAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        _context.Routes.BecameUsable -= LookAgain;
        await Task.WhenAll(_loops.Select(loop => loop.StopAsync()));
        _listening.Dispose();
    }

    /// <summary>Where a new connection has the shortest way to a processor.</summary>
    public RelayLoop LeastLoaded()
    {
        var best = _loops[0];
        foreach (var loop in _loops)
        {
            if (loop.Live < best.Live)
            {
                best = loop;
            }
        }

        return best;
    }

    private void LookAgain()
    {
        foreach (var loop in _loops)
        {
            loop.LookAgain();
        }
    }
}
