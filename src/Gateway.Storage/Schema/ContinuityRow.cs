namespace Gateway.Storage.Schema;

/// <summary>Since when something has gone on without a gap: hearing heartbeats, listing a backend's jobs.</summary>
internal sealed class ContinuityRow
{
    /// <summary>The backend instance; empty for hearing.</summary>
    public required string Backend { get; set; }

    /// <summary>The node of a node-bound backend; else empty.</summary>
    public required string Node { get; set; }

    public DateTimeOffset Since { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>A silence longer than this many microseconds is a gap.</summary>
    public long Gap { get; set; }
}
