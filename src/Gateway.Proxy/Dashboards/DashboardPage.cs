using Microsoft.AspNetCore.Http;

namespace Gateway.Proxy.Dashboards;

/// <summary>What a person sees instead of a dashboard.</summary>
internal static class DashboardPage
{
    public static Task NotFoundAsync(HttpContext context, string clusterName, bool isRunning) => isRunning
        ? NoticePage.WriteAsync(context, StatusCodes.Status404NotFound, "No dashboard", $"Cluster {clusterName} runs without a dashboard.", "Its scheduler did not report one.")
        : NoticePage.WriteAsync(
            context, StatusCodes.Status404NotFound, "No such cluster", $"There is no running cluster {clusterName}.", "It may have been stopped, or it may still be starting. Reload this page in a moment.");

    public static Task UnreachableAsync(HttpContext context, string clusterName) => NoticePage.WriteAsync(
        context, StatusCodes.Status502BadGateway, "Dashboard not reachable", $"The dashboard of cluster {clusterName} does not answer.", "Its scheduler may be busy or may have ended. Reload this page in a moment.");

    public static Task TimedOutAsync(HttpContext context, string clusterName) => NoticePage.WriteAsync(
        context, StatusCodes.Status504GatewayTimeout, "Dashboard too slow", $"The dashboard of cluster {clusterName} did not answer in time.", "Its scheduler may be busy. Reload this page in a moment.");
}
