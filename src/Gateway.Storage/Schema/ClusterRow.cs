namespace Gateway.Storage.Schema;

/// <summary>Written by the reconciler, under the revision.</summary>
internal sealed class ClusterRow
{
    public required string Name { get; set; }

    public Guid? OwnerId { get; set; }

    public required string Options { get; set; }

    public required string Spec { get; set; }

    public required string Phase { get; set; }

    public string? Outcome { get; set; }

    public string? Reason { get; set; }

    public int WorkerFailures { get; set; }

    public DateTimeOffset? NotBefore { get; set; }

    public string? SchedulerAddress { get; set; }

    public string? DashboardAddress { get; set; }

    public string? ApiAddress { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? SubmittedAt { get; set; }

    public DateTimeOffset? RunningAt { get; set; }

    public DateTimeOffset? ClosingAt { get; set; }

    /// <summary>Set exactly when the phase is an ended one: indexes of live rows rest on it.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    public long Revision { get; set; }
}
