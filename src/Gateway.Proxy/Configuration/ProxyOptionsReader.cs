using System.Buffers;
using System.Net;
using Gateway.Proxy.Sni;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Configuration;

/// <summary>Reads section <c>Proxy</c> and tells everything that is wrong with it at once: key, value, and what is allowed.</summary>
internal static class ProxyOptionsReader
{
    private const string Networks = "an address or a network, such as 10.0.0.0/8";

    private static readonly SearchValues<char> NotInSources = SearchValues.Create(";,\r\n");
    private static readonly SearchValues<char> NotInTokens = SearchValues.Create(" ,;=:\t\r\n\"");

    /// <exception cref="OptionsValidationException">Something is wrong.</exception>
    public static void Read(IConfigurationSection section, ProxyOptions options)
    {
        var s = new SectionReader(section);
        options.SchedulerEndpoint = s.Text(
            nameof(options.SchedulerEndpoint), options.SchedulerEndpoint, text => IPEndPoint.TryParse(text, out var e) && text.EndsWith($":{e.Port}", StringComparison.Ordinal), "an address and a port, such as 0.0.0.0:8786 or [::]:8786");
        options.Relay = s.Choice(nameof(options.Relay), options.Relay);
        options.Loops = s.Number(nameof(options.Loops), options.Loops, 0, 64);
        options.SpinTime = s.Duration(nameof(options.SpinTime), options.SpinTime, TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        options.HandshakeTimeout = s.Duration(nameof(options.HandshakeTimeout), options.HandshakeTimeout, Duration.Tenth, Duration.FiveMinutes);
        options.ConnectTimeout = s.Duration(nameof(options.ConnectTimeout), options.ConnectTimeout, Duration.Tenth, Duration.FiveMinutes);
        options.RouteWait = s.Duration(nameof(options.RouteWait), options.RouteWait, TimeSpan.Zero, Duration.Minute);
        options.MaxRouteWaiters = s.Number(nameof(options.MaxRouteWaiters), options.MaxRouteWaiters, 0, 1_000_000);
        options.IdleTimeout = s.Duration(nameof(options.IdleTimeout), options.IdleTimeout, Duration.Second, Duration.Year, zero: true);
        options.HalfCloseTimeout = s.Duration(nameof(options.HalfCloseTimeout), options.HalfCloseTimeout, Duration.Second, Duration.Day, zero: true);
        options.DrainTime = s.Duration(nameof(options.DrainTime), options.DrainTime, TimeSpan.Zero, Duration.Hour);
        options.ResolveInterval = s.Duration(nameof(options.ResolveInterval), options.ResolveInterval, Duration.Second, Duration.Day);
        options.TrustedProxies = s.List(nameof(options.TrustedProxies), options.TrustedProxies, IsNetwork, Networks);
        options.ProxyProtocolSources = s.List(nameof(options.ProxyProtocolSources), options.ProxyProtocolSources, IsNetwork, Networks);
        Read(s.Section(nameof(options.Limits)), options.Limits);
        Read(s.Section(nameof(options.KeepAlive)), options.KeepAlive);
        Read(s.Section(nameof(options.Dashboards)), options.Dashboards);
        s.ThrowIfWrong();
    }

    private static bool IsNetwork(string text) => NetworkList.TryParse(text, out _);

    private static void Read(SectionReader s, ProxyLimits limits)
    {
        limits.MaxConnections = s.Number(nameof(limits.MaxConnections), limits.MaxConnections, 0, 1_000_000);
        limits.MaxConnectionsPerSource = s.Number(nameof(limits.MaxConnectionsPerSource), limits.MaxConnectionsPerSource, 0, 1_000_000);
        limits.MaxConnectionsPerCluster = s.Number(nameof(limits.MaxConnectionsPerCluster), limits.MaxConnectionsPerCluster, 0, 1_000_000);
        limits.MaxNewConnectionsPerSecond = s.Number(nameof(limits.MaxNewConnectionsPerSecond), limits.MaxNewConnectionsPerSecond, 0, 1_000_000);
    }

    private static void Read(SectionReader s, KeepAliveOptions keepAlive)
    {
        keepAlive.Time = s.Duration(nameof(keepAlive.Time), keepAlive.Time, Duration.Second, Duration.NineHours, zero: true);
        keepAlive.Interval = s.Duration(nameof(keepAlive.Interval), keepAlive.Interval, Duration.Second, Duration.NineHours);
        keepAlive.Probes = s.Number(nameof(keepAlive.Probes), keepAlive.Probes, 1, 127);
        keepAlive.UserTimeout = s.Duration(nameof(keepAlive.UserTimeout), keepAlive.UserTimeout, Duration.Second, Duration.Day, zero: true);
    }

    private static void Read(SectionReader s, DashboardOptions dashboards)
    {
        dashboards.Access = s.Choice(nameof(dashboards.Access), dashboards.Access);
        dashboards.ConnectTimeout = s.Duration(nameof(dashboards.ConnectTimeout), dashboards.ConnectTimeout, Duration.Tenth, Duration.FiveMinutes);
        dashboards.ActivityTimeout = s.Duration(nameof(dashboards.ActivityTimeout), dashboards.ActivityTimeout, Duration.Second, Duration.Day);
        dashboards.Origin = s.Text(nameof(dashboards.Origin), dashboards.Origin, IsOrigin, "scheme and host, such as https://dashboards.example.org");
        dashboards.FrameAncestors = s.Text(nameof(dashboards.FrameAncestors), dashboards.FrameAncestors, IsSourceList, "sources of a frame-ancestors policy, such as 'self' https://hub.example.org")!;
        dashboards.PrivateCookies = s.List(nameof(dashboards.PrivateCookies), dashboards.PrivateCookies, IsToken, "a cookie name, with * at its end for any ending");
        dashboards.PrivateHeaders = s.List(nameof(dashboards.PrivateHeaders), dashboards.PrivateHeaders, IsToken, "a header name");
    }

    private static bool IsSourceList(string text) => text.Length > 0 && !text.AsSpan().ContainsAny(NotInSources);

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.GetLeftPart(UriPartial.Authority) == text.TrimEnd('/') && uri.UserInfo.Length == 0;

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAny(NotInTokens);

    private static class Duration
    {
        public static readonly TimeSpan Tenth = TimeSpan.FromMilliseconds(100), Second = TimeSpan.FromSeconds(1), Minute = TimeSpan.FromMinutes(1),
            FiveMinutes = TimeSpan.FromMinutes(5), Hour = TimeSpan.FromHours(1), NineHours = TimeSpan.FromHours(9), Day = TimeSpan.FromDays(1), Year = TimeSpan.FromDays(365);
    }
}
