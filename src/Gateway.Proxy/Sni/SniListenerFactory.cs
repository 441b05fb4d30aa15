using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Relay;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sni;

/// <summary>
/// Kestrel's transport for TCP endpoints: the relay accepts and peeks, schedulers' connections stay there, all others come up
/// to Kestrel unread. Unix sockets and inherited handles are left to the standard transport.
/// </summary>
internal sealed class SniListenerFactory(RelayHost host, IOptions<SocketTransportOptions> transport, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ConcurrentDictionary<IPEndPoint, SniListener> _twins = new();

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or TlsTwin;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var options = transport.Value;
        var contexts = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions
            {
                IOQueueCount = options.IOQueueCount,
                MaxReadBufferSize = options.MaxReadBufferSize,
                MaxWriteBufferSize = options.MaxWriteBufferSize,
                UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
                WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
            },
            loggers.CreateLogger<SniListener>());

        if (endpoint is TlsTwin twin)
        {
            return _twins[twin.Main] = new SniListener(endpoint, host, contexts, socket: null, () => null, loggers);
        }

        var main = (IPEndPoint)endpoint;
        var socket = Listen(options, endpoint);
        var listener = new SniListener(socket.LocalEndPoint!, host, contexts, socket, () => _twins.GetValueOrDefault(main), loggers);
        await host.Relay.ListenAsync(socket, listener);
        return listener;
    }

    // Made the way the standard transport makes it: both families on an IPv6 address, and a site's own override.
    private static Socket Listen(SocketTransportOptions options, EndPoint endpoint)
    {
        Socket? socket = null;
        try
        {
            socket = options.CreateBoundListenSocket(endpoint);
            socket.Blocking = false;
            socket.Listen(options.Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new AddressInUseException(e.Message, e)
                : new IOException($"Failed to bind to address {endpoint}: {e.Message}.", e);
        }
    }
}
