using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>People who open a dashboard's link with nothing but a browser.</summary>
public sealed class SignInTests
{
    [Theory]
    [InlineData("")]
    [InlineData("/prefix")]
    public async Task Dashboard_OpenedWithABrowser_IsSeenAfterSigningInAtTheHub(string prefix)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string cluster = host.Gateway.Store.AddClusterOf("jupyterhub", "alice");
        string page = $"{prefix}/clusters/{cluster}/status?theme=dark&a=%2F";

        using var begun = await visit.OpenAsync(page);
        var told = await visit.BeginAsync(page);
        using var back = await visit.ReturnAsync(told["state"], prefix: prefix);
        using var seen = await visit.OpenAsync(page);

        Assert.StartsWith("https://hub.example/hub/api/oauth2/authorize?", begun.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.Equal("no-store", begun.Headers.CacheControl?.ToString());
        string cookie = Assert.Single(begun.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("max-age=600", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"path={(prefix.Length > 0 ? prefix : "/")};", cookie, StringComparison.OrdinalIgnoreCase);

        string callback = $"{host.Gateway.Address.GetLeftPart(UriPartial.Authority)}{prefix}/oauth_callback";
        Assert.Equal(("code", "service-gw", callback, "S256"), (told["response_type"], told["client_id"], told["redirect_uri"], told["code_challenge_method"]));
        var form = Assert.Single(host.Hub.Forms);
        Assert.Equal(("authorization_code", "service-gw", BrowserHost.Secret, "code-1", callback), (form["grant_type"], form["client_id"], form["client_secret"], form["code"], form["redirect_uri"]));
        Assert.Equal(told["code_challenge"], Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]))));
        Assert.Equal([$"token {BrowserHost.HubToken}"], host.Hub.Asked);

        Assert.Equal((HttpStatusCode.Found, page), (back.StatusCode, back.Headers.Location!.OriginalString));
        Assert.Equal("no-referrer", Assert.Single(back.Headers.GetValues("Referrer-Policy")));
        Assert.Equal($"dashboard of {cluster}", await seen.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal([("jupyterhub", "", "alice")], host.Gateway.Store.Users);
    }

    [Fact]
    public async Task HubBesideTheGateway_IsAddressedByPaths_AsItKnowsItsServices()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var gateway = await AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("JUPYTERHUB_API_URL", hub.ApiUrl), ("JUPYTERHUB_SERVICE_NAME", "gw"), ("JUPYTERHUB_BASE_URL", "/base/"), ("JUPYTERHUB_API_TOKEN", "secret"));
        using var visit = new Visit(gateway);

        using var begun = await visit.OpenAsync("/prefix/clusters/aaaaaaaaaaaaaaaa/status");
        var told = await visit.BeginAsync("/prefix/clusters/aaaaaaaaaaaaaaaa/status");

        Assert.StartsWith("/base/hub/api/oauth2/authorize?", begun.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("/prefix/oauth_callback", told["redirect_uri"]);
    }

    [Theory]
    [InlineData("GET", "/clusters/aaaaaaaaaaaaaaaa/json/counts.json", "Accept", "*/*")]
    [InlineData("GET", "/clusters/aaaaaaaaaaaaaaaa/json/counts.json", "Accept", "application/json")]
    [InlineData("GET", "/clusters/aaaaaaaaaaaaaaaa/status", "Sec-Fetch-Mode", "cors")]
    [InlineData("GET", "/clusters/aaaaaaaaaaaaaaaa/ws", "Upgrade", "websocket")]
    [InlineData("POST", "/clusters/aaaaaaaaaaaaaaaa/status", "Accept", "text/html")]
    [InlineData("HEAD", "/clusters/aaaaaaaaaaaaaaaa/status", "Accept", "text/html")]
    [InlineData("GET", "/api/v1/clusters/", "Accept", "text/html")]
    [InlineData("GET", "/clusters/aaaaaaaaaaaaaaaa/status", "Authorization", "jupyterhub ")]
    public async Task Request_ThatIsNoPersonsLook_GetsTheBareChallenge(string method, string path, string header, string value)
    {
        await using var host = await BrowserHost.StartAsync();
        using var client = host.Gateway.CreateClient();
        (string, string)[] accept = header is "Accept" ? [] : [("Accept", "text/html")];

        using var response = await client.SendAsync(HttpMethod.Parse(method), path, [.. accept, (header, value)]);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["jupyterhub"], response.Headers.NonValidated["WWW-Authenticate"]);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Tabs_SigningInAtTheSameTime_AllArriveWhereTheyWantedTo()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string[] pages = ["/clusters/aaaaaaaaaaaaaaaa/status", "/clusters/bbbbbbbbbbbbbbbb/status", "/clusters/cccccccccccccccc/tasks"];
        var told = new List<Dictionary<string, string>>();
        foreach (string page in pages)
        {
            told.Add(await visit.BeginAsync(page));
        }

        foreach (int tab in new[] { 2, 0, 1 })
        {
            using var back = await visit.ReturnAsync(told[tab]["state"], $"code-{tab}");
            Assert.Equal((HttpStatusCode.Found, pages[tab]), (back.StatusCode, back.Headers.Location!.OriginalString));
        }

        Assert.Equal(["code-2", "code-0", "code-1"], host.Hub.Forms.Select(form => form["code"]));
    }

    [Fact]
    public async Task Browser_ThatReloadsAndReloads_CollectsFewCookies()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        for (int i = 0; i < 40; i++)
        {
            host.Gateway.Time.Advance(TimeSpan.FromSeconds(1));
            _ = await visit.BeginAsync("/clusters/aaaaaaaaaaaaaaaa/status");
        }

        Assert.InRange(visit.Jar.GetCookies(host.Gateway.Address).Count, 1, 10);
        await host.SignInAsync(visit);
    }

    [Fact]
    public async Task SecretsAndTokens_AreInNoLogLine_NorInAnyAddressOrPage()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string said = "";
        foreach (var (status, grant) in new[] { (200, ""), (400, """{"error": "invalid_grant"}"""), (401, """{"error": "invalid_client"}"""), (500, "oops"), (200, "[]") })
        {
            if (status != 200 || grant.Length > 0)
            {
                host.Hub.GrantWith(grant, status);
            }

            var told = await visit.BeginAsync("/clusters/aaaaaaaaaaaaaaaa/status");
            using var back = await visit.ReturnAsync(told["state"], "a-secret-code");
            said += string.Join('\n', told.Values) + back.Headers.Location + await back.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            visit.Jar.GetCookies(host.Gateway.Address).ToList().ForEach(cookie => cookie.Expired = true);
        }

        Assert.Equal(5, host.Hub.Forms.Count);
        Assert.Contains("invalid_client", host.Gateway.Log.Text, StringComparison.Ordinal);
        foreach (string secret in (string[])[BrowserHost.HubToken, BrowserHost.Secret, "a-secret-code", .. host.Hub.Forms.Select(form => form["code_verifier"])])
        {
            Assert.DoesNotContain(secret, host.Gateway.Log.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task SignOut_EndsTheSessionHere_AndPointsToTheHubs()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);

        using var page = await visit.OpenAsync("/logout");
        using var after = await visit.OpenAsync("/clusters/aaaaaaaaaaaaaaaa/status");

        Assert.Contains("href=\"https://hub.example/hub/logout\"", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(visit.Jar.GetCookies(host.Gateway.Address), cookie => !cookie.Name.Contains("-signin-", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Found, after.StatusCode);
    }
}
