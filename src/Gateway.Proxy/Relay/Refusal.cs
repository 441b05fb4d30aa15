namespace Gateway.Proxy.Relay;

/// <summary>Why a connection was not relayed, or not to its end. The order is that of the counters.</summary>
internal enum Refusal
{
    TotalLimit,
    SourceLimit,
    ClusterLimit,
    RateLimit,
    HandshakeTimeout,
    HandshakeIncomplete,
    ProxyHeader,
    NotScheduler,
    UnknownCluster,
    ConnectFailed,
    ConnectTimeout,
    OutOfDescriptors,
}
