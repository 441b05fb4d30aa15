namespace Gateway.Core.Reconciliation;

/// <summary>Remembers that this replica took a heartbeat that it could not store: what it did not note must not count as a scheduler's silence.</summary>
public sealed class HearingLoss
{
    private int _lost;

    /// <summary>A heartbeat was lost, or may have been.</summary>
    public void Note() => Volatile.Write(ref _lost, 1);

    /// <summary>Whether one was since this was last asked.</summary>
    public bool Take() => Interlocked.Exchange(ref _lost, 0) == 1;
}
