using System.Buffers;
using System.Net.Sockets;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>A client's socket, a scheduler's socket, and a task for each direction.</summary>
internal sealed class CopyConnection(Socket client, Socket scheduler, RouteEntry route, RelayContext context, RelayCounters counters)
{
    private const int BufferSize = 64 * 1024;

    private long _active = context.Time.GetTimestamp();
    private int _finishedSending;
    private int _cut;

    /// <summary>Completes when both ends have finished, or either has broken, and both sockets are closed.</summary>
    public async Task RunAsync()
    {
        counters.CountOpened();
        route.Connections.Opened();
        try
        {
            await Task.WhenAll(
                MoveAsync(client, scheduler, up: true, Failure.ClientReset),
                MoveAsync(scheduler, client, up: false, Failure.SchedulerReset));
        }
        finally
        {
            client.Dispose();
            scheduler.Dispose();
            counters.CountClosed();
        }
    }

    /// <summary>Closes both ends with a reset, so that neither takes it for a clean end.</summary>
    public void Cut(Failure reason)
    {
        if (Interlocked.Exchange(ref _cut, 1) == 0)
        {
            counters.CountFailed(reason);
            Reset(client);
            Reset(scheduler);
        }
    }

    /// <summary>Cuts the connection if nothing has moved on it for longer than is allowed.</summary>
    public void CheckSilence()
    {
        TimeSpan idle = context.Options.IdleTimeout, half = Volatile.Read(ref _finishedSending) > 0 ? context.Options.HalfCloseTimeout : TimeSpan.Zero;
        var silent = context.Time.GetElapsedTime(Volatile.Read(ref _active));
        if (half > TimeSpan.Zero && silent >= half)
        {
            Cut(Failure.HalfCloseTimeout);
        }
        else if (idle > TimeSpan.Zero && silent >= idle)
        {
            Cut(Failure.IdleTimeout);
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already: there is nothing left to reset.
        }

        socket.Dispose();
    }

    private async Task MoveAsync(Socket from, Socket to, bool up, Failure onBreak)
    {
        try
        {
            while (await MovePieceAsync(from, to, up))
            {
            }

            Interlocked.Increment(ref _finishedSending);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Cut(onBreak);
        }
    }

    private async ValueTask<bool> MovePieceAsync(Socket from, Socket to, bool up)
    {
        // Waiting holds no buffer: most connections are silent most of the time.
        await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int count = await from.ReceiveAsync(buffer, SocketFlags.None);
            if (count == 0)
            {
                return false;
            }

            counters.CountBytes(up, count);
            Volatile.Write(ref _active, context.Time.GetTimestamp());
            await to.SendAsync(buffer.AsMemory(0, count), SocketFlags.None);
            Volatile.Write(ref _active, context.Time.GetTimestamp());
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
