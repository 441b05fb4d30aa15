namespace Gateway.Storage.Schema;

/// <summary>Written by the reconciler, under the cluster's revision.</summary>
internal sealed class WorkerRow
{
    public required string Name { get; set; }

    public required string Cluster { get; set; }

    public required string WorkerGroup { get; set; }

    public required string Backend { get; set; }

    public required string Resources { get; set; }

    public required string Phase { get; set; }

    public string? Outcome { get; set; }

    public string? Reason { get; set; }

    public DateTimeOffset SubmittedAt { get; set; }

    public DateTimeOffset? ConnectedAt { get; set; }

    public DateTimeOffset? LeavingAt { get; set; }

    public bool StopSaved { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}
