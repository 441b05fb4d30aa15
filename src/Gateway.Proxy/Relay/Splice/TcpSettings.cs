using Gateway.Proxy.Configuration;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>How dead peers are noticed, and that small pieces are not held back.</summary>
internal static class TcpSettings
{
    /// <summary>Accepted sockets inherit what the listening one has: no call for each connection.</summary>
    public static void ApplyToListener(int fd, KeepAliveOptions options) => Apply(fd, options);

    public static void ApplyToScheduler(int fd, KeepAliveOptions options) => Apply(fd, options);

    private static void Apply(int fd, KeepAliveOptions options)
    {
        SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        if (options.Time > TimeSpan.Zero)
        {
            SetInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
            SetInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)options.Time.TotalSeconds);
            SetInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)options.Interval.TotalSeconds);
            SetInt(fd, IPPROTO_TCP, TCP_KEEPCNT, options.Probes);
        }

        if (options.UserTimeout > TimeSpan.Zero)
        {
            SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)options.UserTimeout.TotalMilliseconds);
        }
    }
}
