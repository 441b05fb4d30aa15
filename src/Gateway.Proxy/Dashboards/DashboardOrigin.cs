using Gateway.Proxy.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Dashboards;

/// <summary>
/// Keeps dashboards on an origin of their own, where one is configured: the scripts of a page that a user's scheduler serves are then strangers to
/// the API, whose cookies and answers a browser keeps from them.
/// </summary>
public static class DashboardOrigin
{
    private static readonly PathString Dashboards = "/clusters", Api = "/api";

    /// <summary>
    /// Sends requests for dashboards to <see cref="DashboardOptions.Origin"/>, and answers 404 there to what is below <c>/api</c>. Without an origin
    /// it does nothing. After whatever corrects host and path base of a request, before routing.
    /// </summary>
    /// <exception cref="OptionsValidationException">Section <c>Proxy</c> has wrong values.</exception>
    public static IApplicationBuilder UseDashboardOrigin(this IApplicationBuilder app)
    {
        if (app.ApplicationServices.GetRequiredService<IOptions<ProxyOptions>>().Value.Dashboards.Origin is not { Length: > 0 } text)
        {
            return app;
        }

        var origin = new Uri(text);
        return app.Use((context, next) => Handle(context, next, origin));
    }

    private static Task Handle(HttpContext context, RequestDelegate next, Uri origin)
    {
        var request = context.Request;
        bool isThere = IsAt(request.Host, origin);
        if (!isThere && request.Path.StartsWithSegments(Dashboards))
        {
            // 307: whatever the method, it is to be repeated there.
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = origin.GetLeftPart(UriPartial.Authority) + request.PathBase.Add(request.Path).ToUriComponent() + request.QueryString.ToUriComponent();
            return Task.CompletedTask;
        }

        if (isThere && request.Path.StartsWithSegments(Api))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    }

    // The scheme is not compared: behind a proxy that ends TLS ours is not the browser's.
    private static bool IsAt(HostString host, Uri origin) =>
        string.Equals(host.Host, origin.IdnHost, StringComparison.OrdinalIgnoreCase) && (host.Port ?? (origin.IsDefaultPort ? origin.Port : -1)) == origin.Port;
}
