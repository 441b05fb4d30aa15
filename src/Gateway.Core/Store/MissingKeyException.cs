namespace Gateway.Core.Store;

/// <summary>A row is encrypted under a key that is not configured: that row is blocked, nothing else.</summary>
public sealed class MissingKeyException : Exception
{
    /// <param name="message">Names the row and the key's fingerprint.</param>
    public MissingKeyException(string message)
        : base(message)
    {
    }
}
