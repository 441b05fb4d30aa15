using System.Buffers;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>How a connection takes its place in the loop, and how it gives everything back.</summary>
internal sealed unsafe partial class RelayLoop
{
    private static ulong Key(Link link, uint side) => ((ulong)(uint)link.Slot << 33) | ((ulong)side << 32) | link.Generation;

    private Link TakeLink()
    {
        Volatile.Write(ref _live, _live + 1);
        if (_free.TryPop(out var link))
        {
            return link;
        }

        if (_slots == _links.Length)
        {
            Array.Resize(ref _links, _slots * 2);
        }

        return _links[_slots] = new Link(_slots++);
    }

    /// <summary>Watches the client's socket, once. EPOLLOUT is asked for when a write first blocks: most connections never need it.</summary>
    private bool Register(Link link)
    {
        if (!link.Registered && Watch(_ep, CTL_ADD, link.Client, Reads, Key(link, 0)))
        {
            link.Registered = true;
            link.Down.Writable = true;
        }

        return link.Registered;
    }

    private void Refuse(Link link, Refusal reason)
    {
        Counters.CountRefused(reason);
        Close(link);
    }

    /// <summary>As <see cref="Refuse"/>, so that the client sees a failure and not an end.</summary>
    private void Reject(Link link, Refusal reason)
    {
        ResetOnClose(link.Client);
        Refuse(link, reason);
    }

    private void Fail(Link link, Failure reason)
    {
        Counters.CountFailed(reason);

        // The other end shall see a reset too, not a clean end.
        ResetOnClose(link.Client);
        ResetOnClose(link.Server);
        Close(link);
    }

    /// <summary>Gives everything back. The only way out of the loop for a connection.</summary>
    private void Close(Link link)
    {
        if (link.State == LinkState.Relaying)
        {
            Counters.CountClosed();
        }

        LeaveWaiting(link);
        ReleaseRoute(link);
        SetDeadline(link, 0);
        SetBlocked(ref link.Up, false);
        SetBlocked(ref link.Down, false);
        ReturnRest(ref link.Up);
        ReturnRest(ref link.Down);
        ReturnPipe(ref link.Up);
        ReturnPipe(ref link.Down);
        if (link.Server >= 0)
        {
            close(link.Server);
        }

        if (link.Client >= 0)
        {
            close(link.Client);
            _context.Limits.Leave(link.SourceCounted ? link.Source : null);
        }

        link.State = LinkState.Free;
        link.Generation++;
        link.Client = link.Server = -1;
        link.Listener = null;
        Volatile.Write(ref _live, _live - 1);
        _free.Push(link);
    }

    private void ReleaseRoute(Link link)
    {
        link.Route?.Connections.Release(wasOpen: link.State == LinkState.Relaying, _context.Time);
        link.Route = null;
        link.Addresses = [];
    }

    private void CloseAll()
    {
        for (int i = 0; i < _slots; i++)
        {
            if (_links[i].State == LinkState.Relaying)
            {
                Counters.CountFailed(Failure.Shutdown);
            }

            if (_links[i].State != LinkState.Free)
            {
                Close(_links[i]);
            }
        }
    }

    private static void ReturnRest(ref Half h)
    {
        if (h.Rest is not null)
        {
            ArrayPool<byte>.Shared.Return(h.Rest);
            h.Rest = null;
        }
    }

    private void ReturnPipe(ref Half h)
    {
        if (!h.Pipe.IsNone)
        {
            _pipes.Return(h.Pipe, isEmpty: h.InPipe == 0);
            h.Pipe = default;
            h.InPipe = 0;
        }
    }
}
