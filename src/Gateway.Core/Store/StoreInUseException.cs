namespace Gateway.Core.Store;

/// <summary>Another process uses the embedded database, which serves one process only.</summary>
public sealed class StoreInUseException : Exception
{
    /// <param name="message">Which database, who uses it where that is known, and what to do.</param>
    public StoreInUseException(string message)
        : base(message)
    {
    }
}
