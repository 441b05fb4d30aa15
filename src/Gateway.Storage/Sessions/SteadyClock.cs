namespace Gateway.Storage.Sessions;

/// <summary>
/// The clock of a database that has none of its own: the machine's, but it never goes back. Where the machine's is set back this one goes on
/// at its pace until the machine's has caught up, so that nothing waits for a time it had passed. Safe for any thread.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _last;
    private long _at;

    public DateTimeOffset Now
    {
        get
        {
            lock (_lock)
            {
                long at = time.GetTimestamp();
                var (steady, machine) = (_last + time.GetElapsedTime(_at, at), time.GetUtcNow());
                (_last, _at) = (machine > steady ? machine : steady, at);
                return _last;
            }
        }
    }
}
