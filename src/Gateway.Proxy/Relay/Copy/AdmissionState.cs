using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Relay.Copy;

/// <summary>What is known of a connection that has not found its way yet.</summary>
internal sealed class AdmissionState(Socket client, IWebSink? web)
{
    public Socket Client { get; } = client;

    public IWebSink? Web { get; } = web;

    public IPAddress Source { get; set; } = IPAddress.None;

    /// <summary>The client as a PROXY header told it.</summary>
    public IPEndPoint? Told { get; set; }

    /// <summary>Null until the source has been counted, which is after the PROXY header where one may come.</summary>
    public UInt128? SourceKey { get; set; }

    public bool IsWeb { get; set; }
}

/// <summary>What a look at the first bytes has told.</summary>
internal enum LookKind
{
    NeedMore,
    Scheduler,
    Web,
}

/// <param name="Kind">Whom the client wants.</param>
/// <param name="Route">With a scheduler: where it is, or null while there is no route.</param>
/// <param name="IsTls">With the web: it begins like TLS.</param>
internal readonly record struct Looked(LookKind Kind, RouteEntry? Route = null, bool IsTls = false);

/// <summary>The connection ends here, and is counted under its reason.</summary>
internal sealed class RefusedException(Refusal reason, bool withReset = false) : Exception
{
    public Refusal Reason { get; } = reason;

    public bool WithReset { get; } = withReset;
}
