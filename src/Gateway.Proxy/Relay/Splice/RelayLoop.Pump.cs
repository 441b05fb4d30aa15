using System.Buffers;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>How bytes move once both ends are there.</summary>
internal sealed unsafe partial class RelayLoop
{
    /// <summary>From this size on a piece goes through a pipe inside the kernel; below it, recv and send are cheaper.</summary>
    private const int BulkAt = 16 * 1024;
    private const int SpliceLength = 4 << 20;
    private const int MaxRounds = 16; // then the others have their turn

    private enum Step
    {
        /// <summary>Something moved; more may.</summary>
        Again,

        /// <summary>Nothing can move until epoll says so.</summary>
        Stop,
        Broken,
    }

    private void Move(Link link, bool up, bool down)
    {
        if (up && !Pump(link, ref link.Up))
        {
            Fail(link, Failure.ClientReset);
        }
        else if (down && !Pump(link, ref link.Down))
        {
            Fail(link, Failure.SchedulerReset);
        }
        else if (link.Up.Shut && link.Down.Shut)
        {
            Close(link);
        }
    }

    /// <summary>Moves what can be moved now. False: the connection is broken.</summary>
    private bool Pump(Link link, ref Half h)
    {
        for (int round = 0; ; round++)
        {
            Step step;
            if (h.Rest is not null)
            {
                step = h.Writable ? WriteRest(link, ref h) : Step.Stop;
            }
            else if (h.InPipe > 0)
            {
                step = h.Writable ? WritePipe(link, ref h) : Step.Stop;
            }
            else if (h.Eof || !h.Readable)
            {
                ReturnPipe(ref h);
                if (h.Eof)
                {
                    PassEnd(link, ref h);
                }

                return true;
            }
            else if (!h.Writable)
            {
                return true;
            }
            else if (round >= MaxRounds)
            {
                if (!link.Queued)
                {
                    link.Queued = true;
                    _again.Enqueue(link);
                }

                return true;
            }
            else
            {
                step = h.Bulk && !h.NoSplice ? ReadSplice(link, ref h) : ReadCopy(link, ref h);
            }

            if (step != Step.Again)
            {
                return step == Step.Stop;
            }
        }
    }

    private Step WriteRest(Link link, ref Half h)
    {
        nint n;
        fixed (byte* rest = h.Rest)
        {
            n = send(h.To, rest + h.RestAt, h.RestEnd - h.RestAt, MSG_NOSIGNAL);
        }

        if (n < 0)
        {
            return Blocked(link, ref h);
        }

        link.Active = _now;
        if ((h.RestAt += (int)n) == h.RestEnd)
        {
            ReturnRest(ref h);
        }

        return Step.Again;
    }

    private Step WritePipe(Link link, ref Half h)
    {
        var n = splice(h.Pipe.Read, null, h.To, null, h.InPipe, SPLICE_MOVE | SPLICE_NONBLOCK);
        if (n <= 0)
        {
            return Blocked(link, ref h);
        }

        link.Active = _now;
        h.InPipe -= (int)n;
        return Step.Again;
    }

    /// <summary>Small pieces: two calls, no pipe.</summary>
    private Step ReadCopy(Link link, ref Half h)
    {
        var n = recv(h.From, _buffer, BulkAt, 0);
        if (n <= 0)
        {
            return EndOrNothing(ref h, n);
        }

        Moved(link, ref h, n);
        if (n == BulkAt)
        {
            h.Bulk = true;
        }
        else
        {
            // Fewer than asked for: the queue is empty, and the next byte, or the end, raises an edge of its own.
            h.Readable = h.Ending;
        }

        var m = send(h.To, _buffer, n, MSG_NOSIGNAL);
        if (m < 0)
        {
            if (Blocked(link, ref h) == Step.Broken)
            {
                return Step.Broken;
            }

            m = 0;
        }

        if (m < n)
        {
            // A pipe would do as well, but a new one may have two slots only, and then does not take it whole.
            Blocked(link, ref h, error: EAGAIN);
            h.Rest = ArrayPool<byte>.Shared.Rent(BulkAt);
            h.RestAt = 0;
            h.RestEnd = (int)(n - m);
            new ReadOnlySpan<byte>(_buffer + m, h.RestEnd).CopyTo(h.Rest);
        }

        return Step.Again;
    }

    private Step ReadSplice(Link link, ref Half h)
    {
        _quickWaits = 0; // in bulk a loop sleeps
        int portion = Portion(ref h);
        if (h.Pipe.IsNone && !_pipes.TryRent(out h.Pipe))
        {
            h.Bulk = false; // by copying, until the next big piece asks again
            return Step.Again;
        }

        var n = splice(h.From, null, h.Pipe.Write, null, portion, SPLICE_MOVE | SPLICE_NONBLOCK);
        if (n <= 0)
        {
            if (n < 0 && Errno == EINVAL)
            {
                h.NoSplice = true;
                return Step.Again;
            }

            return EndOrNothing(ref h, n);
        }

        Moved(link, ref h, n);
        h.Bulk = n >= BulkAt;
        h.InPipe = (int)n;
        return Step.Again;
    }

    private void Moved(Link link, ref Half h, nint n)
    {
        link.Active = _now;
        Counters.CountBytes(h.IsUp, n);
    }

    private Step Blocked(Link link, ref Half h) => Blocked(link, ref h, Errno);

    private Step Blocked(Link link, ref Half h, int error)
    {
        if (error == EINTR)
        {
            return Step.Again;
        }

        if (error != EAGAIN)
        {
            return Step.Broken;
        }

        h.Writable = false;
        SetBlocked(ref h, true);
        if (h.To == link.Client && !link.ClientOut)
        {
            // Modifying looks at the socket again: space that came in between is not missed.
            link.ClientOut = true;
            if (!Watch(_ep, CTL_MOD, link.Client, Both, Key(link, 0)))
            {
                return Step.Broken;
            }
        }

        return Step.Stop;
    }

    private static Step EndOrNothing(ref Half h, nint n)
    {
        if (n == 0)
        {
            h.Eof = true;
            return Step.Again;
        }

        if (Errno == EINTR)
        {
            return Step.Again;
        }

        h.Readable = false;
        return Errno == EAGAIN ? Step.Again : Step.Broken;
    }

    /// <summary>Everything from this end has been delivered: the other may still send, for as long as it does.</summary>
    private void PassEnd(Link link, ref Half h)
    {
        if (h.Shut)
        {
            return;
        }

        h.Shut = true;
        if (!link.Up.Shut || !link.Down.Shut)
        {
            shutdown(h.To, SHUT_WR);
            SetDeadline(link, SilenceAllowed(halfClosed: true));
        }
    }
}
