using Gateway.Core.Clusters;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>A Dask scheduler with the gateway's plugin (or the standard one, which numbers nothing), as far as the gateway can tell.</summary>
internal sealed class FakeScheduler(string host, bool standard)
{
    private int _port = 8786;
    private int _incarnation = 1;
    private long _sequence;

    public int Count { get; private set; }

    public SortedSet<string> Connected { get; } = new(StringComparer.Ordinal);

    public SortedSet<string> Closed { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset? ToldAt { get; set; }

    /// <summary>Something happened that the next heartbeat does not wait for.</summary>
    public bool Hurry { get; private set; } = true;

    public void Scale(int count)
    {
        Hurry |= count != Count;
        Count = count;
    }

    public void Connect(string worker)
    {
        Closed.Remove(worker);
        Hurry |= Connected.Add(worker) && Connected.Count > Count;
    }

    public void Disconnect(string worker)
    {
        if (Connected.Remove(worker))
        {
            Closed.Add(worker);
            Hurry = true;
        }
    }

    /// <summary>The process starts anew inside its job, at another port, without its workers.</summary>
    public void Restart()
    {
        _port++;
        _incarnation++;
        _sequence = 0;
        Count = 0;
        Connected.Clear();
        Closed.Clear();
        Hurry = true;
    }

    public Heartbeat Compose()
    {
        string[] closing = [.. Connected.Take(Math.Max(0, Connected.Count - Count))];
        return new Heartbeat
        {
            SchedulerAddress = $"tls://{host}:{_port}",
            ApiAddress = $"http://{host}:{_port + 1000}",
            DashboardAddress = $"http://{host}:{_port + 2000}",
            Count = Count,
            Active = [.. Connected.Except(closing)],
            Closing = closing,
            Closed = [.. Closed],
            Incarnation = standard ? null : $"{_incarnation}",
            Sequence = standard ? null : ++_sequence,
        };
    }

    /// <summary>A heartbeat was taken: those it listed as closing are retired.</summary>
    public IReadOnlyList<string> Taken(Heartbeat heartbeat, DateTimeOffset now)
    {
        ToldAt = now;
        Hurry = false;
        var retired = heartbeat.Closing.Where(Connected.Contains).ToList();
        foreach (string worker in retired)
        {
            Disconnect(worker);
        }

        // An orderly leave is no loss: it is told with the next heartbeat.
        Hurry = false;
        return retired;
    }
}
