namespace Gateway.Core.Backends;

/// <summary>What a job is doing, in terms that every batch system has.</summary>
public enum JobState
{
    /// <summary>Known to the batch system, not running.</summary>
    Pending,

    /// <summary>Its process runs.</summary>
    Running,

    /// <summary>Kept from running until somebody acts.</summary>
    Held,

    /// <summary>Over: it ended, was stopped, was refused or was never started. Nothing of it is left.</summary>
    Ended,
}
