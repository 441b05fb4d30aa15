namespace Gateway.Server.Auth.Browser;

/// <summary>Whether a person looks at the answer, and where on this gateway they wanted to go.</summary>
internal static class Navigation
{
    // Goes along in a URL that servers and proxies on the way limit to 8 KiB or so.
    private const int Longest = 2000;

    /// <summary>True for a page that somebody opens in a browser; false for what pages and programs fetch, and for everything below <c>/api</c>.</summary>
    public static bool Is(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers.Upgrade.Count == 0
        && !request.Path.StartsWithSegments("/api")
        && request.Headers["Sec-Fetch-Mode"] is { Count: 0 } or ["navigate"]
        && request.Headers.Accept.Any(accept => accept?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>The path and query of a request, to come back to.</summary>
    public static string PathOf(HttpRequest request)
    {
        string path = request.PathBase.Add(request.Path).ToUriComponent();
        string whole = path + request.QueryString.ToUriComponent();
        string root = request.PathBase.ToUriComponent() + "/";
        return Array.Find([whole, path, root], address => address.Length <= Longest && IsLocal(address)) ?? "/";
    }

    /// <summary>Whether a browser takes a text for a path on the host it is on: <c>//</c> begins a host, and a backslash counts as a slash.</summary>
    internal static bool IsLocal(string path) =>
        path is ['/', ..] and not ['/', '/' or '\\', ..] && path.All(c => c is > ' ' and <= '~' and not '\\');
}
