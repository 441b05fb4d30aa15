namespace Gateway.Core.Store;

/// <summary>The database did not answer. Whether a save took place is not known: re-read.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <param name="message">A sentence for operators; no secret.</param>
    /// <param name="inner">What happened.</param>
    public StoreUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
