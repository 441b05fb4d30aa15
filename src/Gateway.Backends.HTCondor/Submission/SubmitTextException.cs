namespace Gateway.Backends.HTCondor.Submission;

/// <summary>A value that cannot be written into a submit description. The message is for the owner of the cluster.</summary>
internal sealed class SubmitTextException(string message) : Exception(message);
