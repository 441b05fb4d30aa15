using System.Net;
using System.Net.Sockets;

namespace Gateway.Testing;

/// <summary>Ports of 127.0.0.1 for servers that a test starts, kills and starts again.</summary>
public static class Ports
{
    // Below the range from which the system takes ports for outgoing connections: one of those could sit on a port while its server is down.
    private const int First = 15_000;
    private const int End = 32_000;

    private static readonly Lock Taking = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that nobody listens on, given to nobody else of this process: one that is not used yet, or not at the moment, looks free to the system.</summary>
    public static int Take()
    {
        lock (Taking)
        {
            while (true)
            {
                int port = Random.Shared.Next(First, End);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
