using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sni;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>From an accepted socket to both ends of a relayed connection, or to the web server.</summary>
internal sealed class CopyAdmission(RelayContext context, RelayCounters counters)
{
    // No low-water mark that works everywhere: an unfinished hello is looked at again after a while, each time a longer one.
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RouteLook = TimeSpan.FromMilliseconds(50);

    /// <returns>Null: refused, or the web's now.</returns>
    public async Task<AdmittedConnection?> AdmitAsync(Socket client, IWebSink? web, CancellationToken stopping)
    {
        counters.CountAccepted();
        if (context.Limits.Enter() is { } full)
        {
            counters.CountRefused(full);
            client.Dispose();
            return null;
        }

        var state = new AdmissionState(client, web);
        bool admitted = false;
        try
        {
            state.Source = ((IPEndPoint)client.RemoteEndPoint!).Address; // fails when it has gone already
            var result = await AdmitAsync(state, stopping);
            admitted = result is not null || state.IsWeb;
            return result;
        }
        catch (RefusedException e)
        {
            counters.CountRefused(e.Reason);
            if (e.WithReset)
            {
                client.LingerState = new LingerOption(true, 0);
            }

            return null;
        }
        catch (SocketException)
        {
            counters.CountRefused(Refusal.HandshakeIncomplete);
            return null;
        }
        finally
        {
            if (!admitted)
            {
                client.Dispose();
                context.Limits.Leave(state.SourceKey);
            }
        }
    }

    private async Task<AdmittedConnection?> AdmitAsync(AdmissionState state, CancellationToken stopping)
    {
        if (context.ProxySources.IsEmpty || !context.ProxySources.Contains(state.Source))
        {
            CountSource(state);
        }

        using var deadline = new CancellationTokenSource(context.Options.HandshakeTimeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, deadline.Token);
        RouteEntry? route;
        try
        {
            route = await FindRouteAsync(state, deadline, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new RefusedException(Refusal.HandshakeTimeout);
        }

        if (route is null)
        {
            return null;
        }

        if (!route.Connections.TryReserve(context.Options.Limits.MaxConnectionsPerCluster))
        {
            throw new RefusedException(Refusal.ClusterLimit);
        }

        try
        {
            var scheduler = await ConnectAsync(route, stopping);
            return new AdmittedConnection(state.Client, scheduler, route, state.SourceKey);
        }
        catch
        {
            route.Connections.Release(wasOpen: false, context.Time);
            throw;
        }
    }

    private async Task<RouteEntry?> FindRouteAsync(AdmissionState state, CancellationTokenSource deadline, CancellationToken cancellationToken)
    {
        var wait = FirstLook;
        while (true)
        {
            await state.Client.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken); // holds no buffer
            var look = await LookAsync(state, cancellationToken);
            switch (look.Kind)
            {
                case LookKind.Web:
                    HandToWeb(state, look.IsTls);
                    return null;
                case LookKind.Scheduler:
                    deadline.CancelAfter(Timeout.InfiniteTimeSpan);
                    return look.Route ?? await WaitForRouteAsync(state, cancellationToken);
                case LookKind.NeedMore:
                    await Task.Delay(wait, context.Time, cancellationToken);
                    wait = wait * 2 < LastLook ? wait * 2 : LastLook;
                    break;
            }
        }
    }

    private async Task<RouteEntry> WaitForRouteAsync(AdmissionState state, CancellationToken cancellationToken)
    {
        if (!context.TryEnterWait())
        {
            throw new RefusedException(Refusal.UnknownCluster);
        }

        try
        {
            long since = context.Time.GetTimestamp();
            while (context.Time.GetElapsedTime(since) < context.Options.RouteWait)
            {
                await Task.Delay(RouteLook, context.Time, cancellationToken);
                if ((await LookAsync(state, cancellationToken)).Route is { } route)
                {
                    return route;
                }
            }

            throw new RefusedException(Refusal.UnknownCluster);
        }
        finally
        {
            context.LeaveWait();
        }
    }

    private async Task<Looked> LookAsync(AdmissionState state, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ClientHello.MaxBytes);
        try
        {
            while (true)
            {
                int count = await state.Client.ReceiveAsync(buffer.AsMemory(0, ClientHello.MaxBytes), SocketFlags.Peek, cancellationToken);
                if (count == 0)
                {
                    throw new RefusedException(Refusal.HandshakeIncomplete);
                }

                if (state.SourceKey is not null)
                {
                    return ReadHello(buffer.AsSpan(0, count));
                }

                int header = ReadProxyHeader(state, buffer.AsSpan(0, count));
                if (header < 0)
                {
                    return new(LookKind.NeedMore);
                }

                if (header > 0)
                {
                    await state.Client.ReceiveAsync(buffer.AsMemory(0, header), SocketFlags.None, cancellationToken);
                }

                CountSource(state);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Looked ReadHello(Span<byte> data)
    {
        var result = ClientHello.Read(data, out var name, out _);
        if (result == HelloResult.NeedMore)
        {
            return new(LookKind.NeedMore); // a peer that has gone in the middle is cut at the deadline
        }

        return result == HelloResult.Named && SchedulerName.TryGetCluster(name, out var cluster)
            ? new(LookKind.Scheduler, Route: context.Routes.FindUsable(cluster))
            : new(LookKind.Web, IsTls: result != HelloResult.NotTls);
    }

    private static int ReadProxyHeader(AdmissionState state, ReadOnlySpan<byte> data)
    {
        switch (ProxyHeader.Read(data, out var source, out int length))
        {
            case ProxyHeader.Result.NeedMore:
                return -1;
            case ProxyHeader.Result.Malformed:
                throw new RefusedException(Refusal.ProxyHeader);
            case ProxyHeader.Result.Found:
                state.Told = source;
                state.Source = source?.Address ?? state.Source;
                return length;
            default:
                return 0;
        }
    }

    private void CountSource(AdmissionState state)
    {
        var key = SourceAddress.Key(state.Source);
        if (!context.Limits.TryEnterSource(key))
        {
            throw new RefusedException(Refusal.SourceLimit);
        }

        state.SourceKey = key;
    }

    private void HandToWeb(AdmissionState state, bool isTls)
    {
        if (state.Web is null)
        {
            throw new RefusedException(Refusal.NotScheduler);
        }

        state.IsWeb = true;
        var client = state.Client;
        state.Web.Take(new WebConnection(() => client, client.Dispose, isTls, state.Told, context.Limits, state.SourceKey));
    }

    private Socket Open(AddressFamily family)
    {
        try
        {
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            if (!context.IsShort(socket.Handle))
            {
                return socket;
            }

            socket.Dispose();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.TooManyOpenSockets)
        {
            // The same, a little later.
        }

        context.TellOutOfDescriptors();
        throw new RefusedException(Refusal.OutOfDescriptors, withReset: true);
    }

    private async Task<Socket> ConnectAsync(RouteEntry route, CancellationToken stopping)
    {
        var reason = Refusal.ConnectFailed;
        foreach (var address in route.Addresses)
        {
            var socket = Open(address.EndPoint.AddressFamily);
            using var deadline = new CancellationTokenSource(context.Options.ConnectTimeout, context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, deadline.Token);
            try
            {
                SocketSettings.Apply(socket, context.Options.KeepAlive);
                long since = context.Time.GetTimestamp();
                await socket.ConnectAsync(address.EndPoint, either.Token);
                context.Metrics.RecordConnectTime(context.Time.GetElapsedTime(since));
                return socket;
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && deadline.IsCancellationRequested))
            {
                socket.Dispose();
                reason = e is SocketException ? Refusal.ConnectFailed : Refusal.ConnectTimeout;
                context.TellConnectFailed(route.Route.Name, address.EndPoint.ToString(), e.Message);
            }
        }

        throw new RefusedException(reason, withReset: true);
    }
}
