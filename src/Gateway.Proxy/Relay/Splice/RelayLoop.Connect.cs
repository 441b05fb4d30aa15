using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gateway.Proxy.Routing;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>From a known cluster to a connection with its scheduler, and what epoll tells on the way.</summary>
internal sealed unsafe partial class RelayLoop
{
    private void Connect(Link link, RouteEntry route)
    {
        LeaveWaiting(link);
        link.State = LinkState.Connecting;
        if (!route.Connections.TryReserve(_context.Options.Limits.MaxConnectionsPerCluster))
        {
            Refuse(link, Refusal.ClusterLimit);
            return;
        }

        link.Route = route;
        link.Addresses = route.Addresses;
        SetLowWater(link, 1);
        link.Up.Readable = true;
        Dial(link);
    }

    private void Dial(Link link)
    {
        var address = link.Addresses[link.Address].Native;
        int fd = socket(MemoryMarshal.Read<ushort>(address), SOCK_STREAM | NONBLOCK | CLOEXEC, 0);
        if (fd < 0 ? Errno is EMFILE or ENFILE : _context.IsShort(fd))
        {
            if (fd >= 0)
            {
                close(fd);
            }

            _context.TellOutOfDescriptors();
            Reject(link, Refusal.OutOfDescriptors);
            return;
        }

        if (fd < 0)
        {
            NextAddress(link, Refusal.ConnectFailed, Text(Errno));
            return;
        }

        TcpSettings.ApplyToScheduler(fd, _context.Options.KeepAlive);
        link.Server = link.Up.To = link.Down.From = fd;
        link.ConnectStarted = _context.Metrics.IsConnectTimeWanted ? _context.Time.GetTimestamp() : 0;
        SetDeadline(link, _context.Options.ConnectTimeout);
        int result;
        fixed (byte* native = address)
        {
            result = connect(fd, native, address.Length);
        }

        if (result != 0 && Errno != EINPROGRESS)
        {
            NextAddress(link, Refusal.ConnectFailed, Text(Errno));
        }
        else if (!Watch(_ep, CTL_ADD, fd, Both, Key(link, 1)))
        {
            Reject(link, Refusal.OutOfDescriptors);
        }
    }

    /// <summary>This address is no good: the next, if the name has more.</summary>
    private void NextAddress(Link link, Refusal reason, string text)
    {
        _context.TellConnectFailed(link.Route!.Route.Name, link.Addresses[link.Address].EndPoint.ToString(), text);
        if (++link.Address >= link.Addresses.Length)
        {
            Reject(link, reason);
            return;
        }

        if (link.Server >= 0)
        {
            close(link.Server);
            link.Server = -1;

            // Events of the closed socket may be in this very batch. The client's registration carries the old key, so it is made anew.
            link.Generation++;
            if (link.Registered)
            {
                Watch(_ep, CTL_MOD, link.Client, link.ClientOut ? Both : Reads, Key(link, 0));
            }
        }

        Dial(link);
    }

    private void OnEvent(Link link, bool server, uint events)
    {
        bool hangUp = (events & (EPOLLERR | EPOLLHUP)) != 0;
        switch (link.State)
        {
            case LinkState.Peeking:
                link.Up.Ending |= hangUp || (events & EPOLLRDHUP) != 0;
                Peek(link);
                return;
            case LinkState.Waiting:
                if (hangUp || (events & EPOLLRDHUP) != 0)
                {
                    Refuse(link, Refusal.UnknownCluster);
                }

                return;
            case LinkState.Connecting when server && hangUp:
                NextAddress(link, Refusal.ConnectFailed, Text(SocketError(link.Server)));
                return;
            case LinkState.Connecting when server:
                Connected(link, events);
                return;
            case LinkState.Connecting when hangUp:
                Refuse(link, Refusal.HandshakeIncomplete);
                return;
            case LinkState.Connecting:
                link.Up.Ending |= (events & EPOLLRDHUP) != 0;
                return;
            default:
                OnRelayEvent(link, server, events);
                return;
        }
    }

    private void Connected(Link link, uint events)
    {
        link.State = LinkState.Relaying;
        link.Active = _now;
        SetDeadline(link, SilenceAllowed(halfClosed: false));
        Counters.CountOpened();
        link.Route!.Connections.Opened();
        if (link.ConnectStarted != 0)
        {
            _context.Metrics.RecordConnectTime(_context.Time.GetElapsedTime(link.ConnectStarted));
        }

        link.Up.Writable = true;
        link.Down.Readable = (events & (EPOLLIN | EPOLLRDHUP)) != 0;
        link.Down.Ending = (events & EPOLLRDHUP) != 0;
        if (!Register(link))
        {
            Fail(link, Failure.Shutdown);
            return;
        }

        Move(link, up: true, down: link.Down.Readable);
    }

    private void OnRelayEvent(Link link, bool server, uint events)
    {
        // What is ready at one socket concerns the direction read from it and the one written to it.
        ref var reads = ref server ? ref link.Down : ref link.Up;
        ref var writes = ref server ? ref link.Up : ref link.Down;
        if ((events & EPOLLERR) != 0)
        {
            // What came before the reset may still be there, and the other end shall have it before it sees one too.
            reads.Readable = reads.Ending = true;
            Pump(link, ref reads);
            Fail(link, server ? Failure.SchedulerReset : Failure.ClientReset);
            return;
        }

        bool readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0;
        bool writable = (events & EPOLLOUT) != 0 && !writes.Writable;
        reads.Readable |= readable;
        reads.Ending |= (events & (EPOLLRDHUP | EPOLLHUP)) != 0;
        if (writable)
        {
            writes.Writable = true;
            SetBlocked(ref writes, false);
        }

        Move(link, server ? writable : readable, server ? readable : writable);
    }

    private static string Text(int error) => new SocketException(error).Message;
}
