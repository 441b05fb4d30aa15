using System.Net;

namespace Gateway.Proxy.Sni;

/// <summary>
/// The HTTPS half of a port whose plain half listens at <see cref="Main"/>: an endpoint of Kestrel's without a socket,
/// fed with the TLS connections that arrive at the main endpoint and are not for a scheduler.
/// </summary>
/// <remarks>Without a twin such connections go to the main endpoint itself, which is right where that speaks HTTPS.</remarks>
public sealed class TlsTwin(IPEndPoint main) : EndPoint
{
    /// <summary>The endpoint that has the socket, as it was given to Kestrel.</summary>
    public IPEndPoint Main { get; } = main;

    /// <inheritdoc/>
    public override string ToString() => Main.ToString();
}
