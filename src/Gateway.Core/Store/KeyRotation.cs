namespace Gateway.Core.Store;

/// <summary>What one batch of a key rotation did.</summary>
/// <param name="Rewritten">Rows that are now encrypted under the first key.</param>
/// <param name="Blocked">Rows whose key is not configured, with its fingerprint: left as they are.</param>
/// <param name="Next">Where to go on; null: all rows have been seen.</param>
public sealed record KeyRotation(int Rewritten, IReadOnlyList<string> Blocked, string? Next);
