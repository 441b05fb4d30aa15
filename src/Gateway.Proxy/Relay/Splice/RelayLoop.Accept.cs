using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Sni;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>From the listening socket to knowing whom the client wants.</summary>
internal sealed unsafe partial class RelayLoop
{
    // Then the connections that are there have their turn.
    private const int AcceptBatch = 16;
    private const int AddressSize = 28; // sockaddr_in6

    private void Accept(Listening listening)
    {
        byte* address = stackalloc byte[AddressSize];
        for (int i = 0; i < AcceptBatch; i++)
        {
            int length = AddressSize;
            int fd = accept4(listening.Descriptor, address, &length, NONBLOCK | CLOEXEC);
            if (fd >= 0 && _context.IsShort(fd))
            {
                close(fd);
                Pause(listening);
                return;
            }

            if (fd >= 0)
            {
                Admit(fd, listening, SourceAddress.Key(new ReadOnlySpan<byte>(address, AddressSize)));
            }
            else if (Errno == EAGAIN)
            {
                return;
            }
            else if (Errno is EMFILE or ENFILE or ENOBUFS or ENOMEM)
            {
                Pause(listening);
                return;
            }
        }
    }

    private void Admit(int fd, Listening listening, UInt128 source)
    {
        Counters.CountAccepted();
        if (_context.Limits.Enter() is { } reason)
        {
            Counters.CountRefused(reason);
            close(fd);
            return;
        }

        // The kernel likes to wake the same loop again and again: without this, eight streams share one core.
        var other = _relay.LeastLoaded();
        if (other.Live + 1 >= _live || !other.Post(() => other.Start(fd, listening, source)))
        {
            Start(fd, listening, source);
        }
    }

    private void Start(int fd, Listening listening, UInt128 source)
    {
        var link = TakeLink();
        link.State = LinkState.Peeking;
        link.Client = fd;
        link.Listener = listening;
        link.Registered = link.ClientOut = link.SourceCounted = false;
        link.Source = source;
        link.ToldPort = 0;
        link.LowWater = 1;
        link.Address = 0;
        link.Up = new Half { From = fd, IsUp = true };
        link.Down = new Half { To = fd };
        link.ExpectsHeader = !_context.ProxySources.IsEmpty && _context.ProxySources.Contains(SourceAddress.Address(source));
        if (!link.ExpectsHeader && !CountSource(link))
        {
            return;
        }

        uint generation = link.Generation;
        SetDeadline(link, _context.Options.HandshakeTimeout);
        Peek(link);
        if (link.Generation == generation && link.State is LinkState.Peeking or LinkState.Waiting && !Register(link))
        {
            Refuse(link, Refusal.OutOfDescriptors);
        }
    }

    private bool CountSource(Link link)
    {
        if (!_context.Limits.TryEnterSource(link.Source))
        {
            Refuse(link, Refusal.SourceLimit);
            return false;
        }

        return link.SourceCounted = true;
    }

    /// <summary>Looks at what has arrived, and sends the connection on its way if that is enough.</summary>
    private void Peek(Link link)
    {
        while (true)
        {
            var n = recv(link.Client, _buffer, ClientHello.MaxBytes, MSG_PEEK);
            if (n <= 0)
            {
                if (n == 0 || Errno is not (EAGAIN or EINTR))
                {
                    Refuse(link, Refusal.HandshakeIncomplete);
                }

                return;
            }

            var data = new Span<byte>(_buffer, (int)n);
            if (!link.ExpectsHeader)
            {
                ReadHello(link, data);
                return;
            }

            if (!ReadProxyHeader(link, data))
            {
                return;
            }
        }
    }

    private void ReadHello(Link link, Span<byte> data)
    {
        switch (ClientHello.Read(data, out var name, out int needed))
        {
            case HelloResult.NeedMore:
                AwaitBytes(link, needed);
                return;
            case HelloResult.Named when SchedulerName.TryGetCluster(name, out var cluster):
                var route = _context.Routes.FindUsable(cluster);
                if (route is null && Wait(link))
                {
                    route = _context.Routes.FindUsable(cluster); // published while we took our place
                }

                if (route is not null)
                {
                    Connect(link, route);
                }

                return;
            case var other:
                HandToWeb(link, isTls: other != HelloResult.NotTls);
                return;
        }
    }

    /// <summary>True: the header is out of the way.</summary>
    private bool ReadProxyHeader(Link link, ReadOnlySpan<byte> data)
    {
        switch (ProxyHeader.Read(data, out var source, out int length))
        {
            case ProxyHeader.Result.NeedMore:
                AwaitBytes(link, length);
                return false;
            case ProxyHeader.Result.Malformed:
                Refuse(link, Refusal.ProxyHeader);
                return false;
            case ProxyHeader.Result.Found:
                recv(link.Client, _buffer, length, 0);
                if (source is not null)
                {
                    (link.Source, link.ToldPort) = (SourceAddress.Key(source.Address), source.Port);
                }

                break;
        }

        link.ExpectsHeader = false;
        return CountSource(link);
    }

    /// <summary>Sleeps in the kernel until so many bytes are there, instead of waking for every one.</summary>
    private void AwaitBytes(Link link, int needed)
    {
        if (link.Up.Ending)
        {
            Refuse(link, Refusal.HandshakeIncomplete);
            return;
        }

        // Only when the number changes: setting it raises an edge of its own when the socket counts as readable for another reason
        // (a full window of tiny segments, the peer's end), and setting it at every edge would spin.
        SetLowWater(link, needed);
    }

    private static void SetLowWater(Link link, int bytes)
    {
        if (link.LowWater != bytes)
        {
            SetInt(link.Client, SOL_SOCKET, SO_RCVLOWAT, link.LowWater = bytes);
        }
    }

    private void HandToWeb(Link link, bool isTls)
    {
        if (link.Listener!.Web is not { } web)
        {
            Refuse(link, Refusal.NotScheduler);
            return;
        }

        int fd = link.Client;
        SetLowWater(link, 1);
        if (link.Registered)
        {
            epoll_ctl(_ep, CTL_DEL, fd, null);
        }

        var told = link.ToldPort > 0 ? new IPEndPoint(SourceAddress.Address(link.Source), link.ToldPort) : null;
        var handle = new SafeSocketHandle(fd, ownsHandle: true);
        var connection = new WebConnection(() => new Socket(handle), handle.Dispose, isTls, told, _context.Limits, link.SourceCounted ? link.Source : null);
        link.Client = -1; // its place goes with it
        Close(link);
        web.Take(connection);
    }
}
