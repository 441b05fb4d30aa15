using Gateway.Proxy.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy.Dashboards;

/// <summary>Turns a request to <c>/clusters/{name}/…</c> into one to the dashboard, and its answer back. Made for one request.</summary>
internal sealed class DashboardTransformer : HttpTransformer
{
    // A user's scheduler shares the gateway's origin in the browser, and must not speak for it.
    private static readonly string[] NotFromDashboards =
        [HeaderNames.StrictTransportSecurity, "Clear-Site-Data", "Service-Worker-Allowed", HeaderNames.AltSvc, HeaderNames.WWWAuthenticate, "NEL", "Report-To", "Reporting-Endpoints", "Public-Key-Pins"];

    private static readonly string[] Forwarded =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-IP"];

    private readonly Uri _dashboard, _asked;
    private readonly string _base;
    private readonly DashboardOptions _options;
    private readonly PrivateNames _cookies;

    public DashboardTransformer(HttpRequest request, Uri dashboard, string? rest, DashboardOptions options, PrivateNames cookies)
    {
        (_dashboard, _options, _cookies) = (dashboard, options, cookies);

        // What was asked for, without the part below the dashboard: it includes path base and any group's prefix.
        var path = request.PathBase.Add(request.Path).ToUriComponent();
        var tail = new PathString("/" + rest).ToUriComponent();
        var own = path.EndsWith(tail, StringComparison.Ordinal) ? path[..^tail.Length] : path;
        _base = own.TrimEnd('/');
        Destination = dashboard.GetLeftPart(UriPartial.Authority) + dashboard.AbsolutePath.TrimEnd('/');
        _asked = RequestUtilities.MakeDestinationAddress(Destination, new PathString("/" + rest), request.QueryString);
    }

    public string Destination { get; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = _asked;
        var headers = proxyRequest.Headers;
        headers.Host = null; // the target's
        if (proxyRequest.Headers.Contains(HeaderNames.Origin) && IsOurs(request))
        {
            // A dashboard compares it with its own Host, and refuses a browser's WebSocket that comes from elsewhere.
            headers.Remove(HeaderNames.Origin);
            headers.TryAddWithoutValidation(HeaderNames.Origin, _dashboard.GetLeftPart(UriPartial.Authority));
        }

        headers.Remove(HeaderNames.Authorization);
        headers.Remove(HeaderNames.ProxyAuthorization);
        foreach (var name in _options.PrivateHeaders)
        {
            headers.Remove(name);
            proxyRequest.Content?.Headers.Remove(name);
        }

        headers.Remove(HeaderNames.Cookie);
        if (_cookies.Filter(string.Join("; ", request.Headers.Cookie.AsEnumerable())) is { } cookies)
        {
            headers.TryAddWithoutValidation(HeaderNames.Cookie, cookies);
        }

        foreach (var name in Forwarded)
        {
            headers.Remove(name);
        }

        headers.TryAddWithoutValidation("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
        headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.Value);
        headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        headers.TryAddWithoutValidation("X-Forwarded-Prefix", _base);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        bool withBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse is null)
        {
            return withBody;
        }

        var headers = httpContext.Response.Headers;
        foreach (var name in NotFromDashboards)
        {
            headers.Remove(name);
        }

        if (headers.Location is [{ } location])
        {
            headers.Location = ToOurs(location);
        }

        headers.SetCookie = new StringValues([.. headers.SetCookie.Select(Confine).Where(cookie => cookie is not null)]);
        headers.Remove(HeaderNames.XFrameOptions);
        headers.Append(HeaderNames.ContentSecurityPolicy, $"frame-ancestors {_options.FrameAncestors}");
        if (_options.FrameAncestors is "'self'" or "'none'")
        {
            headers.XFrameOptions = _options.FrameAncestors == "'self'" ? "SAMEORIGIN" : "DENY";
        }

        return withBody;
    }

    // Host and port alone: behind a proxy that ends TLS our own scheme is not the browser's.
    private static bool IsOurs(HttpRequest request) =>
        request.Headers.Origin is [{ } text]
        && Uri.TryCreate(text, UriKind.Absolute, out var origin)
        && string.Equals(origin.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
        && origin.Port == (request.Host.Port ?? (origin.Scheme == Uri.UriSchemeHttps ? 443 : 80));

    /// <summary>
    /// Where a redirection of the dashboard leads in our own address space; one that leads elsewhere is left as it is. A relative one too is taken
    /// from where the dashboard sees itself: it was asked for its root, while the browser may show our path without a slash at the end.
    /// </summary>
    private string ToOurs(string location) =>
        Uri.TryCreate(_asked, location, out var target) && target.Scheme == _asked.Scheme
            && target.Host.Equals(_asked.Host, StringComparison.OrdinalIgnoreCase) && target.Port == _asked.Port
                ? _base + WithoutDashboardPath(target.PathAndQuery) + target.Fragment
                : location;

    private string WithoutDashboardPath(string path)
    {
        var own = _dashboard.AbsolutePath.TrimEnd('/');
        return own.Length > 0 && path.StartsWith(own + "/", StringComparison.Ordinal) ? path[own.Length..] : path;
    }

    /// <summary>The cookie, for this dashboard's path alone; null when it may not be set at all.</summary>
    private string? Confine(string? cookie)
    {
        // __Host- cookies live at the root by definition (RFC 6265bis); one without a name is sent back as its bare value, which may look like one of ours.
        if (cookie is null || PrivateNames.NameOf(cookie) is var name && (name.IsEmpty || _cookies.Contains(name) || name.StartsWith("__Host-", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        var kept = cookie.Split(';', StringSplitOptions.TrimEntries).Where((part, i) => i == 0 || !IsScope(part));
        return $"{string.Join("; ", kept)}; Path={_base}/";
    }

    private static bool IsScope(string attribute) =>
        PrivateNames.NameOf(attribute) is var name && (name.Equals("Path", StringComparison.OrdinalIgnoreCase) || name.Equals("Domain", StringComparison.OrdinalIgnoreCase));
}
