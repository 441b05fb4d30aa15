namespace Gateway.Core.Store;

/// <summary>What became of a save.</summary>
public enum SaveOutcome
{
    /// <summary>All of it is stored and the lease is released.</summary>
    Saved,

    /// <summary>Somebody else has the lease or the revision has moved on: nothing is stored.</summary>
    Lost,
}
