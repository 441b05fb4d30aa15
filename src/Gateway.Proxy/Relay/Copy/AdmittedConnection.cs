using System.Net.Sockets;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>Both ends are there, and its places among the limits are taken.</summary>
internal sealed record AdmittedConnection(Socket Client, Socket Scheduler, RouteEntry Route, UInt128? SourceKey);
