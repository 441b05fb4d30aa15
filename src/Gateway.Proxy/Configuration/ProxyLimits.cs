namespace Gateway.Proxy.Configuration;

/// <summary>Configuration section <c>Proxy:Limits</c>. A connection over a limit is closed at once; zero: no limit.</summary>
public sealed class ProxyLimits
{
    /// <summary>Connections in all, web and relayed; zero: what the process's file descriptors allow.</summary>
    public int MaxConnections { get; set; }

    /// <summary>Connections from one source address, web and relayed.</summary>
    public int MaxConnectionsPerSource { get; set; }

    /// <summary>Relayed connections to one cluster.</summary>
    public int MaxConnectionsPerCluster { get; set; }

    /// <summary>New connections in a second, over the whole process; a burst of one second's worth is let in.</summary>
    public int MaxNewConnectionsPerSecond { get; set; }
}
