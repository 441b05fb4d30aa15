using Gateway.Proxy.Configuration;
using Gateway.Proxy.Interop;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sni;
using Gateway.Proxy.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Relay;

/// <summary>What all loops and connections share, whichever way bytes are moved.</summary>
internal sealed partial class RelayContext
{
    // Kept free for everything else in the process: a runtime that cannot open a file when it must load or compile something gives up.
    private const int SpareDescriptors = 64;

    private readonly ILogger _logger;
    private readonly long _descriptorCeiling;
    private long _descriptorsToldAt = long.MinValue;
    private int _waiting;

    public RelayContext(RouteTable routes, IOptions<ProxyOptions> options, ProxyMetrics metrics, LoopFailure failure, TimeProvider time, ILogger<RelayContext> logger)
    {
        (Routes, Options, Metrics, Failure, Time, _logger) = (routes, options.Value, metrics, failure, time, logger);
        var descriptors = Libc.DescriptorLimit();
        _descriptorCeiling = descriptors is { } limit ? limit - Math.Min(SpareDescriptors, limit / 8) : long.MaxValue;
        Limits = new ConnectionLimits(Options.Limits, descriptors, time);
        ProxySources = NetworkList.Parse(Options.ProxyProtocolSources);
        LogLimits(descriptors, Limits.Max);
        if (descriptors < (2L * Limits.Max) + 256)
        {
            LogTooFewDescriptors(descriptors.Value, Limits.Max, (2L * Limits.Max) + 256);
        }
    }

    public RouteTable Routes { get; }

    public ProxyOptions Options { get; }

    public ProxyMetrics Metrics { get; }

    public LoopFailure Failure { get; }

    public TimeProvider Time { get; }

    public ConnectionLimits Limits { get; }

    /// <summary>Who may send a PROXY header.</summary>
    public NetworkList ProxySources { get; }

    /// <summary>True: with this new descriptor the process comes close to its limit. The kernel gives the lowest free number, so the number tells.</summary>
    public bool IsShort(nint descriptor) => descriptor >= _descriptorCeiling;

    /// <summary>Takes one of the places for connections that wait for a route; to be given back with <see cref="LeaveWait"/>.</summary>
    public bool TryEnterWait()
    {
        if (Options.RouteWait > TimeSpan.Zero && Interlocked.Increment(ref _waiting) <= Options.MaxRouteWaiters)
        {
            return true;
        }

        if (Options.RouteWait > TimeSpan.Zero)
        {
            Interlocked.Decrement(ref _waiting);
        }

        return false;
    }

    public void LeaveWait() => Interlocked.Decrement(ref _waiting);

    /// <summary>Says once a minute that descriptors have run out: every refused connection would repeat it.</summary>
    public void TellOutOfDescriptors()
    {
        long told = Volatile.Read(ref _descriptorsToldAt), now = Time.GetTimestamp();
        if ((told == long.MinValue || Time.GetElapsedTime(told, now) >= TimeSpan.FromMinutes(1))
            && Interlocked.CompareExchange(ref _descriptorsToldAt, now, told) == told)
        {
            LogOutOfDescriptors(Limits.Total, Libc.DescriptorLimit());
        }
    }

    public void TellConnectFailed(string clusterName, string scheduler, string reason) => LogConnectFailed(clusterName, scheduler, reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "File descriptor limit {DescriptorLimit}; at most {MaxConnections} connections (Proxy:Limits:MaxConnections)")]
    private partial void LogLimits(long? descriptorLimit, int maxConnections);

    [LoggerMessage(Level = LogLevel.Warning, Message = "File descriptor limit {DescriptorLimit} is too low for {MaxConnections} relayed connections (Proxy:Limits:MaxConnections), which need {Needed}: raise it (ulimit -n, LimitNOFILE)")]
    private partial void LogTooFewDescriptors(long descriptorLimit, int maxConnections, long needed);

    [LoggerMessage(Level = LogLevel.Error, Message = "Out of file descriptors with {Connections} connections open (limit {DescriptorLimit}): new connections wait. Raise the limit (ulimit -n, LimitNOFILE) or lower Proxy:Limits:MaxConnections")]
    private partial void LogOutOfDescriptors(int connections, long? descriptorLimit);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Scheduler {Scheduler} of cluster {ClusterName} could not be connected to: {Reason}")]
    private partial void LogConnectFailed(string clusterName, string scheduler, string reason);
}
