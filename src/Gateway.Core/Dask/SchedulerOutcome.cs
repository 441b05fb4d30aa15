namespace Gateway.Core.Dask;

/// <summary>Whether a scheduler took a command.</summary>
public enum SchedulerOutcome
{
    /// <summary>It did.</summary>
    Taken,

    /// <summary>It answered otherwise each time: it lives, but does not do as told.</summary>
    Refused,

    /// <summary>It did not answer.</summary>
    Unreachable,
}
