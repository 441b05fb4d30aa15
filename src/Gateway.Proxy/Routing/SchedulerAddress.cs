using System.Net;

namespace Gateway.Proxy.Routing;

/// <summary>One address of a scheduler, also in the kernel's form (<c>struct sockaddr</c>).</summary>
internal sealed record SchedulerAddress(IPEndPoint EndPoint, byte[] Native)
{
    public static SchedulerAddress Of(IPAddress address, int port)
    {
        var endPoint = new IPEndPoint(address, port);
        var native = endPoint.Serialize();
        return new(endPoint, native.Buffer[..native.Size].ToArray());
    }
}
