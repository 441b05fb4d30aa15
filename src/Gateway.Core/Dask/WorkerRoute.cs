namespace Gateway.Core.Dask;

/// <summary>How workers reach their scheduler.</summary>
public enum WorkerRoute
{
    /// <summary>At the address that the scheduler announces.</summary>
    Direct,

    /// <summary>Through the gateway's port, by server name: for pools that cannot reach the scheduler's network.</summary>
    Proxy,
}
