namespace Gateway.Core.Backends;

/// <summary>A piece of a job's output.</summary>
/// <param name="Bytes">What was read, as it is.</param>
/// <param name="NextOffset">Where to read on.</param>
/// <param name="Length">Bytes there are in all, where known.</param>
public sealed record JobLog(ReadOnlyMemory<byte> Bytes, long NextOffset, long? Length);
