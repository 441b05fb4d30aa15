namespace Gateway.Core.Store;

/// <summary>What a change is about.</summary>
public enum ChangeKind
{
    /// <summary>A cluster is due (key: its name).</summary>
    Due,

    /// <summary>A cluster's phase or addresses have changed (key: its name).</summary>
    Phase,

    /// <summary>An outbox has a new entry (key: the backend instance).</summary>
    Outbox,

    /// <summary>Changes may have been missed (a connection was lost): everything should be re-read.</summary>
    Reset,
}
