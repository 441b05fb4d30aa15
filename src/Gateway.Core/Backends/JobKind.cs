namespace Gateway.Core.Backends;

/// <summary>What a job runs.</summary>
public enum JobKind
{
    /// <summary>A Dask scheduler: one per cluster, named like the cluster.</summary>
    Scheduler,

    /// <summary>A Dask worker.</summary>
    Worker,
}
