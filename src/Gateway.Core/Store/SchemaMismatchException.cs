namespace Gateway.Core.Store;

/// <summary>The database's schema is not one that this version can serve.</summary>
public sealed class SchemaMismatchException : Exception
{
    /// <param name="message">What was found, what is needed and what to do.</param>
    public SchemaMismatchException(string message)
        : base(message)
    {
    }
}
