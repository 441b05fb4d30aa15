namespace Gateway.Backends.HTCondor.Events;

/// <summary>HTCondor's event numbers that say something about a job's state; others are read over.</summary>
internal enum CondorEventType
{
    Submitted = 0,
    Executing = 1,
    Evicted = 4,
    Terminated = 5,
    ShadowException = 7,
    Aborted = 9,
    Suspended = 10,
    Unsuspended = 11,
    Held = 12,
    Released = 13,
    Disconnected = 22,
    Reconnected = 23,
    ReconnectFailed = 24,
}
