using Gateway.Core.Clusters;

namespace Gateway.Core.Backends;

/// <summary>Everything a backend needs to start one job.</summary>
public sealed record JobStart
{
    /// <summary>The job's name; a job of this name that exists already is adopted, never started twice.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster it works for.</summary>
    public required string Cluster { get; init; }

    /// <summary>Scheduler or worker.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>1 for the first try. Above 1 the job may exist already: an earlier try's outcome is not known.</summary>
    public required int Attempt { get; init; }

    /// <summary>The cluster's resolved specification.</summary>
    public required ClusterSpec Spec { get; init; }

    /// <summary>What the job is given.</summary>
    public required JobResources Resources { get; init; }

    /// <summary>Executable and arguments. Files are named relative to the working directory. Holds no secret.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Environment variables. Holds no secret.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Files of the working directory, credentials among them.</summary>
    public required IReadOnlyList<JobFile> Files { get; init; }
}
