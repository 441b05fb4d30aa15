namespace Gateway.Server.Auth.Session;

/// <summary>What all cookies of the gateway have in common: no script reads them, and foreign pages only send them along when they lead here.</summary>
internal static class OurCookies
{
    public static CookieOptions For(HttpContext context, TimeSpan lifetime) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        Path = context.Request.PathBase.HasValue ? context.Request.PathBase.ToString() : "/",
        MaxAge = lifetime > TimeSpan.Zero ? TimeSpan.FromSeconds(Math.Ceiling(lifetime.TotalSeconds)) : null,
    };
}
