using System.Diagnostics;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>Waits for what happens next: asleep, or awake where the next message is likely to come at once.</summary>
/// <remarks>
/// To put a thread to sleep and wake it takes longer than a scheduler takes to answer a small message. Once several waits in a row have
/// been shorter than <c>SpinTime</c>, the loop looks again and again for that long before it sleeps, until one wait was longer. It costs no
/// more than that time for a message that does not come, and never applies to bulk, where waking is cheap beside what is moved.
/// </remarks>
internal sealed unsafe partial class RelayLoop
{
    private const int QuickBeforeSpin = 8;

    private readonly long _spinTicks;
    private int _quickWaits;

    private int Wait(byte* events)
    {
        int timeout = _again.Count > 0 ? 0 : NextTimer();
        if (timeout == 0 || _spinTicks == 0)
        {
            return epoll_wait(_ep, events, MaxEvents, timeout);
        }

        int n = 0;
        long until = Stopwatch.GetTimestamp() + _spinTicks;
        if (_quickWaits >= QuickBeforeSpin)
        {
            do
            {
                n = epoll_wait(_ep, events, MaxEvents, 0);
            }
            while (n == 0 && Stopwatch.GetTimestamp() < until);
        }

        if (n == 0)
        {
            n = epoll_wait(_ep, events, MaxEvents, timeout);
        }

        _quickWaits = Stopwatch.GetTimestamp() < until ? Math.Min(_quickWaits + 1, QuickBeforeSpin) : 0;
        return n;
    }
}
