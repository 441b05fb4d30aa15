namespace Gateway.Core.Reconciliation;

/// <summary>
/// How long after a claim what was claimed may still be begun. A process can be frozen for any time between two instructions; when it wakes,
/// others may have claimed the same and done it. So it looks at a clock that went on meanwhile, as late as it can before each call that counts.
/// </summary>
/// <param name="time">The clock; monotonic.</param>
/// <param name="length">From now on.</param>
internal sealed class ClaimWindow(TimeProvider time, TimeSpan length)
{
    private readonly long _begun = time.GetTimestamp();

    /// <summary>Nothing may be begun any more.</summary>
    public bool IsOver => time.GetElapsedTime(_begun) >= length;

    /// <summary>Ends what was about to begin too late.</summary>
    /// <exception cref="ClaimOverException">The window is over.</exception>
    public void ThrowIfOver()
    {
        if (IsOver)
        {
            throw new ClaimOverException();
        }
    }
}
