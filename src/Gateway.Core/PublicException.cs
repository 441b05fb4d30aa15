namespace Gateway.Core;

/// <summary>The one exception whose message may reach whoever asked: a sentence they can act on, with no secret in it.</summary>
/// <param name="status">The HTTP status to answer with, 400 to 599.</param>
/// <param name="message">The sentence.</param>
public sealed class PublicException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status to answer with.</summary>
    public int Status { get; } = status;
}
