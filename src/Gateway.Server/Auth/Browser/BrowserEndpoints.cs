namespace Gateway.Server.Auth.Browser;

/// <summary>The two paths that are for browsers alone.</summary>
internal static class BrowserEndpoints
{
    /// <summary>Where authorization servers send browsers back to, below the path prefix; what a Hub takes for granted.</summary>
    public const string CallbackPath = "/oauth_callback";

    public const string SignOutPath = "/logout";

    /// <summary>Maps both. Neither asks who comes.</summary>
    public static void MapBrowserSignIn(this IEndpointRouteBuilder endpoints)
    {
        var signIn = endpoints.ServiceProvider.GetRequiredService<BrowserSignIn>();
        if (signIn.IsOffered)
        {
            endpoints.MapGet(CallbackPath, (RequestDelegate)signIn.FinishAsync).WithDisplayName("Sign-in").ExcludeFromDescription();
        }

        endpoints.MapMethods(SignOutPath, [HttpMethods.Get, HttpMethods.Post], (RequestDelegate)signIn.SignOutAsync).WithDisplayName("Sign-out").ExcludeFromDescription();
    }
}
