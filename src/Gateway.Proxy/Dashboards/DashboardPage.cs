using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gateway.Proxy.Dashboards;

/// <summary>What a person sees instead of a dashboard. Needs nothing from elsewhere: no script, no picture, no font.</summary>
internal static class DashboardPage
{
    public static Task NotFoundAsync(HttpContext context, string clusterName, bool isRunning) => isRunning
        ? WriteAsync(context, StatusCodes.Status404NotFound, "No dashboard", $"Cluster {clusterName} runs without a dashboard.", "Its scheduler did not report one.")
        : WriteAsync(
            context, StatusCodes.Status404NotFound, "No such cluster", $"There is no running cluster {clusterName}.", "It may have been stopped, or it may still be starting. Reload this page in a moment.");

    public static Task UnreachableAsync(HttpContext context, string clusterName) => WriteAsync(
        context, StatusCodes.Status502BadGateway, "Dashboard not reachable", $"The dashboard of cluster {clusterName} does not answer.", "Its scheduler may be busy or may have ended. Reload this page in a moment.");

    public static Task TimedOutAsync(HttpContext context, string clusterName) => WriteAsync(
        context, StatusCodes.Status504GatewayTimeout, "Dashboard too slow", $"The dashboard of cluster {clusterName} did not answer in time.", "Its scheduler may be busy. Reload this page in a moment.");

    private static async Task WriteAsync(HttpContext context, int status, string title, string what, string then)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
        response.Headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await response.WriteAsync(
            $$$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{{{title}}}</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em;color:#222}h1{font-size:1.4em}p.s{color:#666}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}p.s{color:#999}}</style>
            </head>
            <body>
            <h1>{{{title}}}</h1>
            <p>{{{WebUtility.HtmlEncode(what)}}}</p>
            <p>{{{WebUtility.HtmlEncode(then)}}}</p>
            <p class="s">{{{status}}}</p>
            </body>
            </html>

            """,
            context.RequestAborted);
    }
}
