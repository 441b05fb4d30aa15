using Microsoft.AspNetCore.Http;

namespace Gateway.Proxy.Dashboards;

/// <summary>Decides whether a request may see a cluster's dashboard. Asked first, for clusters that exist and for those that do not.</summary>
/// <param name="context">The request; its cancellation is <see cref="HttpContext.RequestAborted"/>.</param>
/// <param name="clusterName">The cluster's name as in the path.</param>
/// <returns>True: go on. False: the guard has answered the request itself.</returns>
public delegate ValueTask<bool> DashboardGuard(HttpContext context, string clusterName);
