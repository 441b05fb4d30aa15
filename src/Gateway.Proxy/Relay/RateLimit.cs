namespace Gateway.Proxy.Relay;

/// <summary>So many a second, and at most one second's worth at once: the generic cell rate algorithm, one compare-and-swap for each.</summary>
internal sealed class RateLimit(int perSecond, TimeProvider time)
{
    private readonly long _interval = time.TimestampFrequency / perSecond;
    private readonly long _burst = time.TimestampFrequency;
    private long _nextFree = time.GetTimestamp();

    public bool TryTake()
    {
        long now = time.GetTimestamp();
        while (true)
        {
            long nextFree = Volatile.Read(ref _nextFree);
            long after = Math.Max(nextFree, now) + _interval;
            if (after - now > _burst)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _nextFree, after, nextFree) == nextFree)
            {
                return true;
            }
        }
    }
}
