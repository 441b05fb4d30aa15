namespace Gateway.Core.Clusters;

/// <summary>Where a worker is in its life. Only the reconciler writes it.</summary>
public enum WorkerPhase
{
    /// <summary>Its start has been saved; its scheduler has not seen it yet.</summary>
    Submitted,

    /// <summary>Its scheduler has listed it as active.</summary>
    Connected,

    /// <summary>Its scheduler has said that it will let it go, and moves its data elsewhere.</summary>
    Retiring,

    /// <summary>No longer wanted or gone from the scheduler; its job has still to end.</summary>
    Stopping,

    /// <summary>Ended as expected; its job is gone.</summary>
    Stopped,

    /// <summary>Ended unexpectedly or never came up; its job is gone.</summary>
    Failed,
}
