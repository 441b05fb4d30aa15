using System.Net;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>Who sees whose dashboard, and what a dashboard's page may do with a visitor's session.</summary>
public sealed class AudienceTests
{
    [Theory]
    [InlineData("owner", "alice", false, 200)]
    [InlineData("owner", "bob", false, 403)]
    [InlineData("owner", "carol", true, 200)]
    [InlineData("users", "bob", false, 200)]
    [InlineData("anyone", "bob", false, 200)]
    public async Task Dashboard_OfAlice_IsForWhomTheSettingSays(string access, string user, bool admin, int expected)
    {
        await using var host = await BrowserHost.StartAsync(("Proxy:Dashboards:Access", access));
        using var visit = new Visit(host.Gateway);
        string page = $"/clusters/{host.Gateway.Store.AddClusterOf("jupyterhub", "alice")}/status";
        host.Knows(user, admin);

        using var unknown = await visit.OpenAsync(page);
        using var client = host.Gateway.CreateClient();
        using var program = await client.SendAsync(HttpMethod.Get, page);
        using var socket = await client.SendAsync(HttpMethod.Get, page, ("Connection", "Upgrade"), ("Upgrade", "websocket"));
        Assert.Equal(access == "anyone" ? HttpStatusCode.OK : HttpStatusCode.Found, unknown.StatusCode);
        Assert.Equal(access == "anyone" ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, program.StatusCode);
        Assert.Equal(access == "anyone" ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, socket.StatusCode);
        if (access != "anyone")
        {
            await host.SignInAsync(visit, page);
        }

        using var seen = await visit.OpenAsync(page);
        using var byToken = await client.GetAsync(page, $"jupyterhub {BrowserHost.HubToken}");
        using var upgrade = await visit.SendAsync(HttpMethod.Get, page, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Origin", Origin(host)));

        Assert.Equal(expected, (int)seen.StatusCode);
        Assert.Equal(expected, (int)byToken.StatusCode);
        Assert.Equal(expected, (int)upgrade.StatusCode);
        if (expected == 403)
        {
            Assert.Equal("text/html", seen.Content.Headers.ContentType?.MediaType);
            Assert.Contains("belongs to somebody else.", await seen.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Contains("belongs to somebody else", await byToken.ErrorAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("users")]
    public async Task WebSocket_OfAForeignPage_DoesNotBorrowTheSession(string access)
    {
        await using var host = await BrowserHost.StartAsync(("Proxy:Dashboards:Access", access));
        using var visit = new Visit(host.Gateway);
        string page = $"/clusters/{host.Gateway.Store.AddClusterOf("jupyterhub", "alice")}/status/ws";
        await host.SignInAsync(visit, page);

        foreach (string origin in new[] { "https://evil.example", "null", "http://127.0.0.1:1" })
        {
            using var response = await visit.SendAsync(HttpMethod.Get, page, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Origin", origin));
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("same-origin", 403)]
    [InlineData("none", 200)]
    public async Task Api_AskedByADashboardsPage_DoesNotTakeTheVisitorsSession(string site, int expected)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);

        using var byCookie = await visit.SendAsync(HttpMethod.Get, "/api/v1/clusters/", ("Sec-Fetch-Site", site));
        using var client = host.Gateway.CreateClient();
        using var byToken = await client.SendAsync(HttpMethod.Get, "/api/v1/clusters/", ("Sec-Fetch-Site", site), ("Authorization", $"jupyterhub {BrowserHost.HubToken}"));

        Assert.Equal(expected, (int)byCookie.StatusCode);
        Assert.Equal(HttpStatusCode.OK, byToken.StatusCode);
    }

    // Over plain HTTP a browser says nothing of the site.
    [Fact]
    public async Task Api_ChangedByADashboardsPageThatNamesOnlyItsOrigin_DoesNotTakeTheVisitorsSession()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);
        string cluster = $"/api/v1/clusters/{host.Gateway.Store.AddClusterOf("jupyterhub", "alice")}";

        using var byPage = await visit.SendAsync(HttpMethod.Delete, cluster, ("Origin", Origin(host)));
        using var byProgram = await visit.SendAsync(HttpMethod.Delete, cluster);

        Assert.Equal(HttpStatusCode.Forbidden, byPage.StatusCode);
        Assert.NotEqual(HttpStatusCode.Forbidden, byProgram.StatusCode);
    }

    [Fact]
    public async Task Database_DoesNotSayWhoseClusterItIs_IsServiceUnavailable()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);
        host.Gateway.Store.IsSilent = true;

        using var page = await visit.OpenAsync("/clusters/bbbbbbbbbbbbbbbb/status");
        using var fetched = await visit.SendAsync(HttpMethod.Get, "/clusters/bbbbbbbbbbbbbbbb/status");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/json"), (fetched.StatusCode, fetched.Content.Headers.ContentType?.MediaType));
    }

    private static string Origin(BrowserHost host) => host.Gateway.Address.GetLeftPart(UriPartial.Authority);
}
