namespace Gateway.Core.Store;

/// <summary>Rows are encrypted under a key that is not configured: these are blocked, nothing else.</summary>
public sealed class MissingKeyException : Exception
{
    /// <param name="message">Names the rows and their keys' fingerprints.</param>
    /// <param name="rows">The rows.</param>
    public MissingKeyException(string message, IReadOnlyList<string> rows)
        : base(message)
    {
        Rows = rows;
    }

    /// <summary>The rows that are blocked, such as names of clusters: whoever asked for several can ask for the others.</summary>
    public IReadOnlyList<string> Rows { get; }
}
