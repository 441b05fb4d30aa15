using System.Net;
using System.Net.Sockets;

namespace Gateway.Proxy.Relay;

/// <summary>An accepted connection from which nothing of the web's has been read.</summary>
/// <param name="Open">Makes the socket, or returns it; to be called once.</param>
/// <param name="Discard">Closes it instead.</param>
/// <param name="IsTls">It begins like TLS.</param>
/// <param name="Source">The client's address when a PROXY header told another than the socket has; else null.</param>
/// <param name="Limits">Where its place is given back when it has ended.</param>
/// <param name="SourceKey">What to give back there.</param>
internal sealed record WebConnection(Func<Socket> Open, Action Discard, bool IsTls, IPEndPoint? Source, ConnectionLimits Limits, UInt128? SourceKey)
{
    public void Leave() => Limits.Leave(SourceKey);
}
