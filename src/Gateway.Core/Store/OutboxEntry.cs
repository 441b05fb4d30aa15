using Gateway.Core.Backends;

namespace Gateway.Core.Store;

/// <summary>Something to be done by an executor, saved before it is done.</summary>
public sealed record OutboxEntry
{
    /// <summary>Given by the store; 0 before it is saved.</summary>
    public long Id { get; init; }

    /// <summary>What to do.</summary>
    public required OutboxAction Action { get; init; }

    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>Scheduler or worker.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>The cluster it works for.</summary>
    public required string Cluster { get; init; }

    /// <summary>The backend instance.</summary>
    public required string Backend { get; init; }

    /// <summary>Where the job runs, for a node-bound backend whose job has a node; null: any replica.</summary>
    public string? Node { get; init; }

    /// <summary>Which try this is, counted by the claim: 1 for the first.</summary>
    public int Attempt { get; init; }

    /// <summary>Grows with each claim, given by it: a result that names an older one changes nothing.</summary>
    public long Claim { get; init; }

    /// <summary>For <see cref="OutboxAction.CheckAddress"/>: <c>host:port</c>.</summary>
    public string? Argument { get; init; }

    /// <summary>W3C trace context of the plan that saved it; null: none.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The job's handle as recorded, for a stop or a check; filled in by the claim.</summary>
    public string? Handle { get; init; }
}
