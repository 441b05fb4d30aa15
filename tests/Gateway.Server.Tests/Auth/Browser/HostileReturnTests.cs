using System.Net;
using Gateway.Server.Auth.Browser;
using Microsoft.AspNetCore.Http;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>Browsers that come back with something else than what they were sent away with.</summary>
public sealed class HostileReturnTests
{
    private const string Page = "/clusters/aaaaaaaaaaaaaaaa/status";

    [Theory]
    [InlineData("")]
    [InlineData("?code=c")]
    [InlineData("?code=c&state=")]
    [InlineData("?code=c&state=AAAA")]
    [InlineData("?code=c&state=%00%ff")]
    [InlineData("?code=c&state={other}")]
    [InlineData("?code=c&state={damaged}")]
    [InlineData("?code=c&state={own}&state={own}")]
    [InlineData("?code=c&state={long}")]
    [InlineData("?error=access_denied")]
    public async Task State_ThatIsNotOurs_IsAPageAndAsksNobody(string query)
    {
        await using var host = await BrowserHost.StartAsync();
        await using var other = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        using var elsewhere = new Visit(other.Gateway);
        string own = (await visit.BeginAsync(Page))["state"];
        string foreign = (await elsewhere.BeginAsync(Page))["state"];
        string damaged = own[..30] + (own[30] == 'A' ? 'B' : 'A') + own[31..];

        using var response = await visit.OpenAsync("/oauth_callback" + query
            .Replace("{own}", own, StringComparison.Ordinal).Replace("{other}", foreign, StringComparison.Ordinal)
            .Replace("{damaged}", damaged, StringComparison.Ordinal).Replace("{long}", new string('A', 8000), StringComparison.Ordinal));

        await IsPageAsync(response, HttpStatusCode.BadRequest, "not begun here");
        Assert.Empty(host.Hub.Forms);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task State_OfAnotherBrowser_LetsNobodyIn()
    {
        await using var host = await BrowserHost.StartAsync();
        using var attacker = new Visit(host.Gateway);
        using var victim = new Visit(host.Gateway);
        string state = (await attacker.BeginAsync(Page))["state"];
        _ = await victim.BeginAsync(Page);

        using var response = await victim.ReturnAsync(state, "code-of-the-attacker");

        await IsPageAsync(response, HttpStatusCode.BadRequest, "begun in another browser");
        Assert.Empty(host.Hub.Forms);
        Assert.DoesNotContain(victim.Jar.GetCookies(host.Gateway.Address), cookie => cookie.Name is "dask-gateway" or "dask-gateway-renewal");
    }

    [Fact]
    public async Task State_UsedTwice_IsRedeemedOnce_EvenWithTheCookieKept()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        using var raw = host.Gateway.CreateClient();
        using var begun = await visit.OpenAsync(Page);
        string cookie = begun.Cookies();
        string state = System.Web.HttpUtility.ParseQueryString(begun.Headers.Location!.Query)["state"]!;
        string callback = $"/oauth_callback?code=c&state={state}";

        using var first = await visit.OpenAsync(callback);
        using var clickedTwice = await visit.OpenAsync(callback);
        using var replayed = await raw.SendAsync(HttpMethod.Get, callback, ("Accept", "text/html"), ("Cookie", cookie));

        Assert.Equal(HttpStatusCode.Found, first.StatusCode);
        Assert.Equal((HttpStatusCode.Found, Page), (clickedTwice.StatusCode, clickedTwice.Headers.Location!.OriginalString));
        await IsPageAsync(replayed, HttpStatusCode.BadRequest, "used already");
        Assert.Single(host.Hub.Forms);
    }

    [Fact]
    public async Task SignIn_ThatTookTooLong_SaysSo_AndLinksToThePage()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string state = (await visit.BeginAsync(Page + "?a=%22%3E"))["state"];
        host.Gateway.Time.Advance(TimeSpan.FromMinutes(10));

        using var response = await visit.ReturnAsync(state);

        string page = await IsPageAsync(response, HttpStatusCode.BadRequest, "longer than 10 minutes");
        Assert.Contains($"href=\"{Page}?a=%22%3E\"", page, StringComparison.Ordinal);
        Assert.Empty(host.Hub.Forms);
    }

    [Theory]
    [InlineData("error=access_denied&error_description=%3Cscript%3E", "did not let you in (access_denied).")]
    [InlineData("error=%3Cscript%3Ealert(1)%3C/script%3E", "did not let you in.")]
    [InlineData("", "did not let you in.")]
    [InlineData("code=", "did not let you in.")]
    [InlineData("code=a&code=b", "did not let you in.")]
    [InlineData("code=a%0d%0ab", "did not let you in.")]
    public async Task Hub_SendsNoCode_IsAPageThatQuotesNothing(string query, string sentence)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string state = (await visit.BeginAsync(Page))["state"];

        using var response = await visit.OpenAsync($"/oauth_callback?{query}&state={state}");

        string page = await IsPageAsync(response, HttpStatusCode.Forbidden, sentence);
        Assert.DoesNotContain("script", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"{Page}\"", page, StringComparison.Ordinal);
        Assert.Empty(host.Hub.Forms);
    }

    [Theory]
    [InlineData(400, """{"error": "invalid_grant"}""", 400, "used already, or took too long")]
    [InlineData(401, """{"error": "invalid_client"}""", 502, "does not accept the gateway as a client")]
    [InlineData(403, "<html>", 502, "failed to sign you in (403)")]
    [InlineData(500, """{"error": "invalid_grant"}""", 502, "failed to sign you in (500)")]
    [InlineData(503, "", 502, "failed to sign you in (503)")]
    [InlineData(302, "", 502, "not understood")]
    [InlineData(200, "<html>", 502, "not understood")]
    [InlineData(200, "{}", 502, "not understood")]
    [InlineData(200, """{"access_token": 7}""", 502, "not understood")]
    [InlineData(200, """{"access_token": "a\nb"}""", 502, "not understood")]
    public async Task Hub_GivesNoToken_IsAPageWithTheReason(int status, string body, int expected, string sentence)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        host.Hub.GrantWith(body, status);
        string state = (await visit.BeginAsync(Page))["state"];

        using var response = await visit.ReturnAsync(state);

        await IsPageAsync(response, (HttpStatusCode)expected, sentence);
        Assert.Empty(host.Hub.Asked);
    }

    [Theory]
    [InlineData(200, """{"name": "alice", "kind": "user", "scopes": ["access:services!service=other"]}""", 403, "lacks the scope access:services!service=gw")]
    [InlineData(404, "{}", 403, "does not know the user")]
    [InlineData(403, "{}", 502, "does not accept this token")]
    [InlineData(500, "{}", 502, "failed to check this token")]
    public async Task Hub_DoesNotVouchForTheToken_IsAPageWithTheReason(int status, string body, int expected, string sentence)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        host.Hub.AnswerWith(body, status);
        string state = (await visit.BeginAsync(Page))["state"];

        using var response = await visit.ReturnAsync(state);

        await IsPageAsync(response, (HttpStatusCode)expected, sentence);
        Assert.DoesNotContain(response.Cookies(), "dask-gateway=", StringComparison.Ordinal);
        Assert.Empty(host.Gateway.Store.Users);
    }

    [Fact]
    public async Task Hub_OrDatabaseGone_IsAPageThatSaysSo()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        string one = (await visit.BeginAsync(Page))["state"];
        string two = (await visit.BeginAsync(Page))["state"];

        host.Gateway.Store.IsSilent = true;
        using var withoutStore = await visit.ReturnAsync(one);
        await host.Hub.DisposeAsync();
        using var withoutHub = await visit.ReturnAsync(two);

        await IsPageAsync(withoutStore, HttpStatusCode.ServiceUnavailable, "database does not answer");
        await IsPageAsync(withoutHub, HttpStatusCode.ServiceUnavailable, "JupyterHub cannot be reached");
    }

    [Fact]
    public async Task User_WhoseSessionFitsNoCookie_IsToldSo_AndNotSentRoundInCircles()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        host.Knows("alice", admin: false, [.. Enumerable.Range(0, 500).Select(i => $"a-group-with-a-long-name-{i:000}")]);
        string state = (await visit.BeginAsync(Page))["state"];

        using var response = await visit.ReturnAsync(state);

        await IsPageAsync(response, HttpStatusCode.BadGateway, "you are in 500 groups");
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a?b=//c", true)]
    [InlineData("/a//b", true)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("//evil.example", false)]
    [InlineData("/\\evil.example", false)]
    [InlineData("\\\\evil.example", false)]
    [InlineData("/a\\b", false)]
    [InlineData("/a\r\nSet-Cookie: b", false)]
    [InlineData("/\tevil", false)]
    [InlineData("https://evil.example/", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("/ä", false)]
    public void Path_ToComeBackTo_IsOnThisHost(string path, bool isLocal) => Assert.Equal(isLocal, Navigation.IsLocal(path));

    [Theory]
    [InlineData("", "//evil.example/clusters/x", "", "/")]
    [InlineData("//evil.example", "/clusters/x", "", "/")]
    [InlineData("", "/clusters/x/\r\n\\", "?a=b", "/clusters/x/%0D%0A%5C?a=b")]
    [InlineData("/base", "/clusters/x", "?{long}", "/base/clusters/x")]
    [InlineData("/base", "/clusters/{long}", "", "/base/")]
    public void Path_OfARequest_IsOneToComeBackTo(string pathBase, string path, string query, string expected)
    {
        string longText = new('a', 3000);
        var request = new DefaultHttpContext().Request;
        request.PathBase = pathBase;
        request.Path = path.Replace("{long}", longText, StringComparison.Ordinal);
        request.QueryString = new(query.Replace("{long}", longText, StringComparison.Ordinal));

        string next = Navigation.PathOf(request);

        Assert.Equal(expected, next);
        Assert.True(Navigation.IsLocal(next));
    }

    private static async Task<string> IsPageAsync(HttpResponseMessage response, HttpStatusCode status, string sentence)
    {
        string page = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        Assert.Contains(sentence, page, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("WWW-Authenticate"));
        return page;
    }
}
