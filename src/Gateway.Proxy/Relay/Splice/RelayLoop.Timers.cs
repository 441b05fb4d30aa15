using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>Deadlines, and listening sockets that rest while descriptors are short.</summary>
internal sealed unsafe partial class RelayLoop
{
    private const int SweepMs = 100;
    private const int PauseMs = 100;

    private readonly List<Listening> _paused = [];
    private readonly List<Link> _waiting = [];
    private int _timed;
    private int _waitingCount, _retryPosted;
    private long _now = Environment.TickCount64;
    private long _nextSweep, _resumeAt;

    /// <summary>Another thread has published a route: connections that wait here may go on.</summary>
    public void LookAgain()
    {
        // Pairs with the barrier in Wait: either we see that somebody waits, or it sees the route.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waitingCount) > 0 && Interlocked.Exchange(ref _retryPosted, 1) == 0)
        {
            Post(RetryWaiting); // once for all that are published until it runs: a start publishes thousands
        }
    }

    /// <summary>How long the kernel may keep the thread, in milliseconds; -1: until something happens.</summary>
    private int NextTimer() => _timed > 0 || _paused.Count > 0 ? SweepMs : -1;

    /// <param name="link">The connection.</param>
    /// <param name="after">Milliseconds from now; 0: none.</param>
    private void SetDeadline(Link link, long after)
    {
        _timed += (after > 0 ? 1 : 0) - (link.Deadline > 0 ? 1 : 0);
        link.Deadline = after > 0 ? _now + after : 0;
    }

    private void SetDeadline(Link link, TimeSpan after) => SetDeadline(link, (long)after.TotalMilliseconds);

    private void RunTimers()
    {
        if (_paused.Count > 0 && _now >= _resumeAt)
        {
            Resume();
        }

        if (_timed > 0 && _now >= _nextSweep)
        {
            _nextSweep = _now + SweepMs;
            for (int i = 0; i < _slots; i++)
            {
                if (_links[i] is { Deadline: > 0 } link && _now >= link.Deadline)
                {
                    OnDeadline(link);
                }
            }
        }
    }

    private void OnDeadline(Link link)
    {
        switch (link.State)
        {
            case LinkState.Peeking:
                Refuse(link, Refusal.HandshakeTimeout);
                break;
            case LinkState.Waiting:
                Refuse(link, Refusal.UnknownCluster);
                break;
            case LinkState.Connecting:
                NextAddress(link, Refusal.ConnectTimeout, "no answer in time");
                break;
            default:
                bool half = link.Up.Shut || link.Down.Shut;
                long left = link.Active + (long)SilenceAllowed(half).TotalMilliseconds - _now;
                if (left > 0)
                {
                    SetDeadline(link, left);
                }
                else
                {
                    Fail(link, half ? Failure.HalfCloseTimeout : Failure.IdleTimeout);
                }

                break;
        }
    }

    /// <summary>The shorter of the two bounds on silence that apply; zero: none.</summary>
    private TimeSpan SilenceAllowed(bool halfClosed)
    {
        TimeSpan idle = _context.Options.IdleTimeout, half = halfClosed ? _context.Options.HalfCloseTimeout : TimeSpan.Zero;
        return idle == TimeSpan.Zero ? half : half == TimeSpan.Zero || idle < half ? idle : half;
    }

    /// <summary>Lets a connection to a cluster that has no route wait for one. True: it has just begun to.</summary>
    private bool Wait(Link link)
    {
        if (link.State == LinkState.Waiting)
        {
            return false;
        }

        if (!_context.TryEnterWait())
        {
            Refuse(link, Refusal.UnknownCluster);
            return false;
        }

        link.State = LinkState.Waiting;
        _waiting.Add(link);
        SetDeadline(link, _context.Options.RouteWait);
        Interlocked.Exchange(ref _waitingCount, _waiting.Count);
        return true;
    }

    private void LeaveWaiting(Link link)
    {
        if (link.State == LinkState.Waiting)
        {
            _waiting.Remove(link);
            Volatile.Write(ref _waitingCount, _waiting.Count);
            _context.LeaveWait();
        }
    }

    private void RetryWaiting()
    {
        Interlocked.Exchange(ref _retryPosted, 0); // before the first look: what is published from now on asks again

        // Nothing was consumed: the hello is still there to be looked at.
        foreach (var link in _waiting.ToArray())
        {
            Peek(link);
        }
    }

    /// <summary>Out of descriptors: the socket stays ready, and accepting again at once would spin. Whoever wants in waits in its queue.</summary>
    private void Pause(Listening listening)
    {
        Counters.CountRefused(Refusal.OutOfDescriptors);
        _context.TellOutOfDescriptors();
        if (!_paused.Contains(listening))
        {
            epoll_ctl(_ep, CTL_DEL, listening.Descriptor, null); // EPOLLEXCLUSIVE cannot be modified, only removed
            _paused.Add(listening);
            _resumeAt = _now + PauseMs;
        }
    }

    private void Resume()
    {
        for (int i = _paused.Count - 1; i >= 0; i--)
        {
            var listening = _paused[i];
            if (Watch(_ep, CTL_ADD, listening.Descriptor, EPOLLIN | EPOLLEXCLUSIVE, ListenFlag | (uint)listening.Id))
            {
                _paused.RemoveAt(i);
            }
            else
            {
                _resumeAt = _now + PauseMs;
            }
        }
    }
}
