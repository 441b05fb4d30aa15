namespace Gateway.Proxy.Relay;

/// <summary>What one loop has done. Each loop has its own, so that counting never makes two processors share a line.</summary>
internal sealed class RelayCounters
{
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private readonly long[] _failed = new long[Enum.GetValues<Failure>().Length];
    private long _accepted;
    private long _bytesUp;
    private long _bytesDown;
    private int _open;

    public long Accepted => Volatile.Read(ref _accepted);

    public long BytesUp => Volatile.Read(ref _bytesUp);

    public long BytesDown => Volatile.Read(ref _bytesDown);

    public int Open => Volatile.Read(ref _open);

    public long Refused(Refusal reason) => Volatile.Read(ref _refused[(int)reason]);

    public long Failed(Failure reason) => Volatile.Read(ref _failed[(int)reason]);

    public void CountAccepted() => Interlocked.Increment(ref _accepted);

    public void CountOpened() => Interlocked.Increment(ref _open);

    public void CountClosed() => Interlocked.Decrement(ref _open);

    public void CountBytes(bool up, long count) => Interlocked.Add(ref up ? ref _bytesUp : ref _bytesDown, count);

    public void CountRefused(Refusal reason) => Interlocked.Increment(ref _refused[(int)reason]);

    public void CountFailed(Failure reason) => Interlocked.Increment(ref _failed[(int)reason]);
}
