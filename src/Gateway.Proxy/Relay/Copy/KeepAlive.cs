using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>How dead peers are noticed, and that small pieces are not held back.</summary>
internal static class KeepAlive
{
    private const int LinuxUserTimeout = 18;

    public static void Apply(Socket socket, KeepAliveOptions options)
    {
        socket.NoDelay = true;
        if (options.Time > TimeSpan.Zero)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.Time.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)options.Interval.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.Probes);
        }

        if (options.UserTimeout > TimeSpan.Zero && OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, LinuxUserTimeout, BitConverter.GetBytes((int)options.UserTimeout.TotalMilliseconds));
        }
    }
}
