using System.Net;
using System.Threading.Channels;
using Gateway.Proxy.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Routing;

/// <summary>Looks scheduler names up, off the way of any connection: when a route is published, and again from time to time.</summary>
internal sealed partial class AddressResolver : BackgroundService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Channel<RouteEntry> _wanted = Channel.CreateUnbounded<RouteEntry>(new() { SingleReader = false });
    private readonly RouteTable _table;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly ILogger<AddressResolver> _logger;

    public AddressResolver(RouteTable table, IOptions<ProxyOptions> options, TimeProvider time, ILogger<AddressResolver> logger)
    {
        (_table, _time, _logger) = (table, time, logger);
        _interval = options.Value.ResolveInterval;
        table.NeedsAddress += entry => _wanted.Writer.TryWrite(entry);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        AskForNames(onlyUnknown: true); // published before this ran
        var again = AskAgainAsync(stoppingToken);

        try
        {
            // A name server that does not answer for one name must not hold up the others.
            await Parallel.ForEachAsync(
                _wanted.Reader.ReadAllAsync(stoppingToken),
                new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = stoppingToken },
                async (entry, cancellationToken) => await ResolveAsync(entry, cancellationToken));
            await again;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops, perhaps before it has begun: that is no failure of this service.
        }
    }

    private async Task AskAgainAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            AskForNames(onlyUnknown: false);
        }
    }

    private void AskForNames(bool onlyUnknown)
    {
        foreach (var entry in _table.Entries)
        {
            if (onlyUnknown ? entry.Addresses.Length == 0 : !IPAddress.TryParse(entry.Route.SchedulerHost, out _))
            {
                _wanted.Writer.TryWrite(entry);
            }
        }
    }

    private async Task ResolveAsync(RouteEntry entry, CancellationToken stoppingToken)
    {
        var route = entry.Route;
        using var timeout = new CancellationTokenSource(Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, timeout.Token);
        try
        {
            var found = await Dns.GetHostAddressesAsync(route.SchedulerHost, either.Token);
            if (found.Length > 0)
            {
                _table.Resolved(entry, [.. found.Select(address => SchedulerAddress.Of(address, route.SchedulerPort))]);
            }
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // One name, whatever is wrong with it, must not end the look-up of all others.
            // What was known stays: an old address is better than none while the name server is away.
            LogUnresolved(route.SchedulerHost, route.Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scheduler host {SchedulerHost} of cluster {ClusterName} could not be looked up: {Reason}")]
    private partial void LogUnresolved(string schedulerHost, string clusterName, string reason);
}
