using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>How dead peers are noticed, and that small pieces are not held back nor large ones piled up.</summary>
internal static class SocketSettings
{
    private const int LinuxUserTimeout = 18, LinuxNotSentLowAt = 25;
    private const int MaxUnsent = 256 * 1024;

    public static void Apply(Socket socket, KeepAliveOptions options)
    {
        socket.NoDelay = true;
        if (OperatingSystem.IsLinux())
        {
            // A reader that has stopped must not pin what the send buffer could grow to: hundreds of them would exhaust the system's.
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, LinuxNotSentLowAt, BitConverter.GetBytes(MaxUnsent));
        }

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
