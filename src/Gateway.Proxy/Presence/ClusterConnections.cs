namespace Gateway.Proxy.Presence;

/// <summary>The counters of one cluster, shared by its route and its connections; written with interlocked operations by the relay.</summary>
internal sealed class ClusterConnections(string name)
{
    private int _reserved;
    private int _open;
    private long _lastClosed;

    private volatile bool _hasRoute;

    public string Name { get; } = name;

    public bool HasRoute
    {
        get => _hasRoute;
        set => _hasRoute = value;
    }

    public int Open => Volatile.Read(ref _open);

    /// <summary>Null: none has closed yet.</summary>
    public DateTimeOffset? LastClosed => Volatile.Read(ref _lastClosed) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Takes a place before the scheduler is connected to. False: the cluster has as many as it may.</summary>
    public bool TryReserve(int limit)
    {
        if (Interlocked.Increment(ref _reserved) <= limit || limit == 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _reserved);
        return false;
    }

    public void Opened() => Interlocked.Increment(ref _open);

    public void Release(bool wasOpen, TimeProvider time)
    {
        Interlocked.Decrement(ref _reserved);
        if (wasOpen)
        {
            // The time first: whoever sees nobody there must not see the time before last.
            Volatile.Write(ref _lastClosed, time.GetUtcNow().UtcTicks);
            Interlocked.Decrement(ref _open);
        }
    }
}
