namespace Gateway.Proxy.Configuration;

/// <summary>Configuration section <c>Proxy:Dashboards</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>Who may see a cluster's dashboard; the guard that is given to <c>MapDashboards</c> keeps to it.</summary>
    public DashboardAudience Access { get; set; } = DashboardAudience.Owner;

    /// <summary>For a dashboard to accept a connection, 100 ms to 5 min.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A request or WebSocket on which nothing moved for so long is ended, 1 s to 1 day.</summary>
    public TimeSpan ActivityTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>An origin that serves nothing but dashboards, such as <c>https://dashboards.example.org</c>; it leads to this same server. Null: they share the API's.</summary>
    public string? Origin { get; set; }

    /// <summary>Who may show a dashboard in a frame: the sources of CSP's <c>frame-ancestors</c>, such as <c>'self' https://hub.example.org</c>.</summary>
    public string FrameAncestors { get; set; } = "'self'";

    /// <summary>Cookies that never reach a dashboard and that a dashboard cannot set; a trailing <c>*</c> stands for any ending.</summary>
    public IReadOnlyList<string> PrivateCookies { get; set; } = [];

    /// <summary>Request headers that never reach a dashboard, beside <c>Authorization</c>.</summary>
    public IReadOnlyList<string> PrivateHeaders { get; set; } = [];
}
