using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay;

/// <summary>Accepts connections, relays those for schedulers and passes the others on. Two exist: in the kernel, and by copying.</summary>
internal interface IRelay : IAsyncDisposable
{
    /// <summary><see cref="RelayMode.Splice"/> or <see cref="RelayMode.Copy"/>.</summary>
    RelayMode Mode { get; }

    /// <summary>One for each thread that counts; their sums are the relay's figures.</summary>
    IReadOnlyList<RelayCounters> Counters { get; }

    /// <summary>Accepts from a bound, listening, non-blocking socket until it is stopped.</summary>
    /// <param name="listener">Stays the caller's, who must not dispose of it before <see cref="StopListeningAsync"/> has completed.</param>
    /// <param name="web">Takes connections that are not for a scheduler; null: they are closed.</param>
    Task ListenAsync(Socket listener, IWebSink? web);

    /// <summary>Completes when the socket will not be touched again. What was accepted goes on.</summary>
    Task StopListeningAsync(Socket listener);

    /// <summary>Completes when no relayed connection is left, or the token is cancelled; then the rest is cut.</summary>
    Task DrainAsync(CancellationToken cancellationToken);
}
