using Gateway.Proxy.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Proxy.Dashboards;

/// <summary>The paths under which dashboards are seen.</summary>
public static class DashboardEndpoints
{
    /// <summary>
    /// Maps <c>/clusters/{name}</c> and everything below it to the cluster's dashboard, below whatever group or path base this is called for.
    /// All methods and WebSockets are forwarded.
    /// </summary>
    /// <param name="endpoints">The application, or a group of it.</param>
    /// <param name="guard">Who may see which dashboard.</param>
    /// <returns>For authorization and other conventions on both paths.</returns>
    public static IEndpointConventionBuilder MapDashboards(this IEndpointRouteBuilder endpoints, DashboardGuard guard)
    {
        var forwarder = endpoints.ServiceProvider.GetRequiredService<DashboardForwarder>();
        var routes = endpoints.ServiceProvider.GetRequiredService<RouteTable>();
        return endpoints.Map("/clusters/{name}/{**rest}", (RequestDelegate)HandleAsync).WithDisplayName("Dashboard");

        async Task HandleAsync(HttpContext context)
        {
            var name = (string)context.GetRouteValue("name")!;
            if (!await guard(context, name))
            {
                return;
            }

            if (routes.TryGet(name, out var route) && route.Dashboard is { } dashboard)
            {
                await forwarder.ForwardAsync(context, name, dashboard, (string?)context.GetRouteValue("rest"));
            }
            else
            {
                await DashboardPage.NotFoundAsync(context, name, isRunning: route is not null);
            }
        }
    }
}
