namespace Gateway.Core.Backends;

/// <summary>The batch system did not answer. Nothing is known of what was asked: ask before trying again.</summary>
public sealed class BackendUnavailableException : Exception
{
    /// <param name="message">A sentence for operators and owners; no secret.</param>
    /// <param name="inner">What happened.</param>
    public BackendUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
