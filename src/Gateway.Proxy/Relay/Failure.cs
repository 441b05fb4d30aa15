namespace Gateway.Proxy.Relay;

/// <summary>Why a relayed connection was cut before both ends had finished.</summary>
internal enum Failure
{
    ClientReset,
    SchedulerReset,
    IdleTimeout,
    HalfCloseTimeout,
    Shutdown,
}
