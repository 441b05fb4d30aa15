using Gateway.Proxy.Relay;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Proxy.Tests.Harness;

internal static class ServiceExtensions
{
    /// <summary>Connections that have a place now, web and relayed.</summary>
    public static int LimitsTotal(this IServiceProvider services) => services.GetRequiredService<RelayContext>().Limits.Total;
}
