namespace Gateway.Core.Backends;

/// <summary>Whether a backend answers, and how long to leave it alone when it does not. Safe for any thread.</summary>
/// <param name="time">The clock.</param>
/// <param name="random">Where jitter comes from; null: the system's.</param>
public sealed class BackendHealth(TimeProvider time, Random? random = null)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private readonly Lock _lock = new();
    private long _notBefore;
    private int _failures;

    /// <summary>Calls in a row that failed.</summary>
    public int Failures
    {
        get
        {
            lock (_lock)
            {
                return _failures;
            }
        }
    }

    /// <summary>Whether it was found silent lately: this replica may have had no reason to ask again since.</summary>
    public bool Silent
    {
        get
        {
            lock (_lock)
            {
                return _failures > 0 && time.GetTimestamp() - _notBefore < Longest.TotalSeconds * time.TimestampFrequency;
            }
        }
    }

    /// <summary>What it last failed with; null while it answers.</summary>
    public string? LastError { get; private set; }

    /// <summary>How long it is to be left alone still; zero: it may be called.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (_lock)
            {
                long left = _notBefore - time.GetTimestamp();
                return _failures == 0 || left <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)left / time.TimestampFrequency);
            }
        }
    }

    /// <summary>It has answered.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            _failures = 0;
            LastError = null;
        }
    }

    /// <summary>It has not answered: the pause grows, with jitter so that replicas do not return together.</summary>
    /// <returns>The pause.</returns>
    public TimeSpan Failed(string error)
    {
        lock (_lock)
        {
            LastError = error;
            long left = _notBefore - time.GetTimestamp();
            if (_failures > 0 && left > 0)
            {
                // Calls that were under way together fail together: one outage is counted once.
                return TimeSpan.FromSeconds((double)left / time.TimestampFrequency);
            }

            var pause = First * Math.Pow(2, Math.Min(_failures++, 20));
            pause = (pause < Longest ? pause : Longest) * (0.75 + ((random ?? Random.Shared).NextDouble() / 2));
            _notBefore = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
            return pause;
        }
    }
}
