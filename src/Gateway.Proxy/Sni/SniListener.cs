using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.Proxy.Relay;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Gateway.Proxy.Sni;

/// <summary>One of Kestrel's endpoints: yields the connections that the relay did not keep.</summary>
internal sealed partial class SniListener(
    EndPoint endPoint, RelayHost host, SocketConnectionContextFactory contexts, Socket? socket, Func<SniListener?> twin, ILoggerFactory loggers)
    : IConnectionListener, IWebSink
{
    private readonly Channel<WebConnection> _accepted = Channel.CreateUnbounded<WebConnection>(new() { SingleReader = true });
    private readonly ILogger _logger = loggers.CreateLogger<SniListener>();
    private Socket? _socket = socket;

    public EndPoint EndPoint { get; } = endPoint;

    public void Take(WebConnection connection) => (connection.IsTls ? twin() ?? this : this).Queue(connection);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_accepted.Reader.TryRead(out var connection))
            {
                if (TryStart(connection) is { } context)
                {
                    return context;
                }
            }
        }

        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _socket, null) is { } socket)
        {
            // First out of every epoll set, only then closed: the number may belong to someone else right after.
            await host.Relay.StopListeningAsync(socket);
            socket.Dispose();
        }

        _accepted.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        while (_accepted.Reader.TryRead(out var connection))
        {
            Drop(connection);
        }

        contexts.Dispose();
    }

    // On a relay's thread: nothing but the hand-over. The continuation of AcceptAsync runs on the thread pool.
    private void Queue(WebConnection connection)
    {
        if (!_accepted.Writer.TryWrite(connection))
        {
            Drop(connection);
        }
    }

    private static void Drop(WebConnection connection)
    {
        connection.Discard();
        connection.Leave();
    }

    // Must not throw: Kestrel's accept loop would end, and with it the server's ears.
    private ConnectionContext? TryStart(WebConnection connection)
    {
        try
        {
            var context = contexts.Create(connection.Open());
            if (connection.Source is { } source)
            {
                context.RemoteEndPoint = source;
            }

            context.ConnectionClosed.UnsafeRegister(static state => ((WebConnection)state!).Leave(), connection);
            return context;
        }
        catch (Exception e)
        {
            LogLost(e); // most likely gone between the peek and now
            Drop(connection);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection for the web server was lost before it began")]
    private partial void LogLost(Exception exception);
}
