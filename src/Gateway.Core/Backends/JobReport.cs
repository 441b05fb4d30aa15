namespace Gateway.Core.Backends;

/// <summary>What a backend says of one of its jobs.</summary>
public sealed record JobReport
{
    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster it works for, as written in the job.</summary>
    public required string Cluster { get; init; }

    /// <summary>Scheduler or worker.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>What the backend finds it again by.</summary>
    public required string Handle { get; init; }

    /// <summary>What it is doing.</summary>
    public required JobState State { get; init; }

    /// <summary>Why, in words for its owner; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The machine it runs on.</summary>
    public string? Host { get; init; }

    /// <summary>Exit code, or 128 + signal, once ended and where known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the backend took it on, for the sweeper's grace period; null: not known.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>The scope (schedd, node, namespace) it lives in.</summary>
    public string Scope { get; init; } = "";
}
