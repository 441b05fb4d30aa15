namespace Gateway.Backends.HTCondor.Submission;

/// <summary>A value that cannot be written into a submit description. The message is for the owner of the cluster.</summary>
internal sealed class SubmitTextException(string message) : Exception(message)
{
    /// <summary>The message as a sentence.</summary>
    public string Sentence => Message.Length == 0 ? "" : $"{char.ToUpperInvariant(Message[0])}{Message[1..]}{(Message.EndsWith('.') ? "" : ".")}";
}
