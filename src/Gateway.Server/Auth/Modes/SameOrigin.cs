namespace Gateway.Server.Auth.Modes;

/// <summary>
/// Whether a browser sent a request on behalf of a foreign page. Browsers add cookies and Basic passwords by themselves, so without this
/// any page could stop a visitor's clusters; cookies being SameSite=Lax leaves neighbouring hosts of the same site.
/// </summary>
internal static class SameOrigin
{
    /// <summary>True for requests that change something or open a WebSocket.</summary>
    public static bool Concerns(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        || request.Headers.Upgrade.Count > 0
        || HttpMethods.IsConnect(request.Method);

    /// <summary>
    /// True when a browser says that a page of our own origin asks for something below <c>/api</c>. The only such pages that run scripts are dashboards,
    /// which users' schedulers serve: whoever looks at somebody else's must not lend it their name. A browser that says nothing of the site, as all do
    /// over plain HTTP, still names the origin of what changes something.
    /// </summary>
    public static bool IsDashboardAskingTheApi(HttpRequest request) =>
        request.Path.StartsWithSegments("/api")
        && (request.Headers["Sec-Fetch-Site"] is ["same-origin"]
            || (request.Headers["Sec-Fetch-Site"].Count == 0 && Concerns(request) && request.Headers.Origin.Count > 0 && Permits(request)));

    /// <summary>False when a browser says that a foreign page is behind the request. Programs say nothing, and pass.</summary>
    public static bool Permits(HttpRequest request)
    {
        // A browser decides this header itself and knows its own address bar, which a proxy in between may have rewritten for us.
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0)
        {
            return site.Count == 1 && site[0] is "same-origin" or "none";
        }

        var origins = request.Headers.Origin;
        if (origins.Count == 0)
        {
            return true;
        }

        // Only host and port are compared: behind a proxy that ends TLS our own scheme is not the browser's.
        return origins.Count == 1
            && Uri.TryCreate(origins[0], UriKind.Absolute, out var origin)
            && string.Equals(origin.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
            && origin.Port == (request.Host.Port ?? (origin.Scheme == Uri.UriSchemeHttps ? 443 : 80));
    }
}
