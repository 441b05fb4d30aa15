namespace Gateway.Core.Backends;

/// <summary>A file that must lie in the job's working directory when it starts, readable by the job's user alone.</summary>
/// <param name="Name">A plain file name without folders.</param>
/// <param name="Content">Its bytes. They may be secret: never logged, never put into arguments or environment.</param>
public sealed record JobFile(string Name, ReadOnlyMemory<byte> Content);
