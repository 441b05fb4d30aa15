namespace Gateway.Server.Auth.Session;

/// <summary>The cookie that stands for a sign-in; section <c>Authentication:Session</c>.</summary>
internal sealed record SessionCookieOptions
{
    public string CookieName { get; init; } = "dask-gateway";

    /// <summary>How long a session lasts after the sign-in; using it does not lengthen it.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);
}
