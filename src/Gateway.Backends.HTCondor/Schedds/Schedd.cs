using Gateway.Backends.HTCondor.Options;

namespace Gateway.Backends.HTCondor.Schedds;

/// <summary>A schedd and how it has been doing.</summary>
internal sealed class Schedd(ScheddOptions options)
{
    private readonly Lock _lock = new();
    private readonly Queue<long> _submissions = new();

    public string Scope => options.Scope;

    public string Name => options.Name;

    /// <summary>Arguments that point a tool to it.</summary>
    public IEnumerable<string> Arguments
    {
        get
        {
            if (options.Pool.Length > 0)
            {
                yield return "-pool";
                yield return options.Pool;
            }

            if (options.Name.Length > 0)
            {
                yield return "-name";
                yield return options.Name;
            }
        }
    }

    public string Pool => options.Pool;

    /// <summary>Jobs of ours that wait there: at the last listing, and submitted since.</summary>
    public int Idle { get; private set; }

    /// <summary>How busy its daemon is, 0 to 1, as the collector last said.</summary>
    public double DutyCycle { get; set; }

    /// <summary>Until when it is avoided; null: it is not.</summary>
    public DateTimeOffset? AvoidUntil { get; private set; }

    public void Failed(DateTimeOffset until)
    {
        lock (_lock)
        {
            AvoidUntil = until;
        }
    }

    public void Answered()
    {
        lock (_lock)
        {
            AvoidUntil = null;
        }
    }

    public void Listed(int idle)
    {
        lock (_lock)
        {
            Idle = idle;
        }
    }

    public void Submitted(int jobs)
    {
        lock (_lock)
        {
            Idle += jobs;
        }
    }

    /// <summary>Takes one submission of this minute's, if there is one left.</summary>
    /// <returns>How long until there will be one; null: it was taken.</returns>
    public TimeSpan? TakeSubmission(int perMinute, TimeProvider time)
    {
        lock (_lock)
        {
            while (_submissions.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= TimeSpan.FromMinutes(1))
            {
                _submissions.Dequeue();
            }

            if (_submissions.Count >= perMinute)
            {
                return TimeSpan.FromMinutes(1) - time.GetElapsedTime(_submissions.Peek());
            }

            _submissions.Enqueue(time.GetTimestamp());
            return null;
        }
    }
}
