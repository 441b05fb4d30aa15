using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Relay.Copy;
using Gateway.Proxy.Relay.Splice;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Relay;

/// <summary>Owns the relay for the life of the process: chooses it, opens the schedulers' own port, and drains it at the end.</summary>
/// <remarks>Kestrel stops listening before this service is asked to stop, since it is started after it.</remarks>
internal sealed partial class RelayHost : IHostedService, IAsyncDisposable
{
    private readonly RelayContext _context;
    private readonly ILogger<RelayHost> _logger;
    private Socket? _schedulers;

    public RelayHost(RelayContext context, ILogger<RelayHost> logger)
    {
        (_context, _logger) = (context, logger);
        Relay = Choose(context.Options.Relay);
        context.Metrics.Observe(Relay);
    }

    public IRelay Relay { get; }

    /// <summary>Where the second port listens; null: there is none.</summary>
    public EndPoint? SchedulerEndPoint => _schedulers?.LocalEndPoint;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_context.Options.SchedulerEndpoint is not { Length: > 0 } text)
        {
            return;
        }

        var endPoint = IPEndPoint.Parse(text);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Blocking = false;
            socket.Listen(512);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OptionsValidationException(ProxyOptions.SectionName, typeof(ProxyOptions), [$"Proxy:SchedulerEndpoint: cannot listen on '{text}': {e.Message}"]);
        }

        await Relay.ListenAsync(socket, web: null);
        _schedulers = socket;
        LogListening(endPoint);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await CloseSchedulersAsync();
        int open = Relay.Counters.Sum(counters => counters.Open);
        if (open > 0)
        {
            LogDraining(open, _context.Options.DrainTime);
        }

        using var time = new CancellationTokenSource(_context.Options.DrainTime, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        await Relay.DrainAsync(either.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseSchedulersAsync();
        await Relay.DisposeAsync();
    }

    private async Task CloseSchedulersAsync()
    {
        if (Interlocked.Exchange(ref _schedulers, null) is { } socket)
        {
            await Relay.StopListeningAsync(socket);
            socket.Dispose();
        }
    }

    private IRelay Choose(RelayMode mode)
    {
        var missing = mode == RelayMode.Copy ? null : KernelProbe.WhatIsMissing();
        if (mode == RelayMode.Splice && missing is not null)
        {
            throw new OptionsValidationException(
                ProxyOptions.SectionName, typeof(ProxyOptions), [$"Proxy:Relay is 'splice', but this system does not offer {missing}; 'auto' and 'copy' work everywhere"]);
        }

        if (missing is not null)
        {
            LogFallback(missing);
        }

        IRelay relay = mode == RelayMode.Copy || missing is not null ? new CopyRelay(_context) : new SpliceRelay(_context);
        LogMode(relay.Mode);
        return relay;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedulers' traffic is relayed by {RelayMode}")]
    private partial void LogMode(RelayMode relayMode);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedulers' traffic is relayed by copying, which costs more: this system does not offer {Missing}")]
    private partial void LogFallback(string missing);

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening for schedulers' traffic on {SchedulerEndPoint}")]
    private partial void LogListening(EndPoint schedulerEndPoint);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Connections} relayed connections are open and may go on for {DrainTime}")]
    private partial void LogDraining(int connections, TimeSpan drainTime);
}
