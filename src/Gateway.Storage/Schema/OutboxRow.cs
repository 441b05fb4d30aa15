namespace Gateway.Storage.Schema;

/// <summary>What is still to be done. One entry per job and action.</summary>
internal sealed class OutboxRow
{
    public long Id { get; set; }

    public required string Action { get; set; }

    public required string Job { get; set; }

    public required string Kind { get; set; }

    public required string Cluster { get; set; }

    public required string Backend { get; set; }

    public string? Node { get; set; }

    public string? Argument { get; set; }

    public string? TraceParent { get; set; }

    public int Attempt { get; set; }

    /// <summary>Number of the latest claim.</summary>
    public long Claim { get; set; }

    /// <summary>From a claim until its result: a claim that ran out while this is true has an outcome that nobody knows.</summary>
    public bool Claimed { get; set; }

    /// <summary>When it can be claimed: after the time it was saved, a retry's pause or the end of a claim.</summary>
    public DateTimeOffset DueAt { get; set; }
}
