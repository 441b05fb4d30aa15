using System.Net;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>Sessions of browsers after the Hub's word has become old.</summary>
public sealed class RenewalTests
{
    private const string Page = "/clusters/aaaaaaaaaaaaaaaa/status";

    [Fact]
    public async Task Session_WhoseTimeIsOver_GoesOn_AskingTheHubAboutTheBrowsersToken()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);

        for (int hour = 1; hour <= 3; hour++)
        {
            host.Gateway.Time.Advance(TimeSpan.FromHours(1));
            using var fetched = await visit.SendAsync(HttpMethod.Get, Page);
            using var again = await visit.SendAsync(HttpMethod.Get, Page);
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (fetched.StatusCode, again.StatusCode));
            Assert.Equal(1 + hour, host.Hub.Asked.Count);
        }

        Assert.Single(host.Hub.Forms);
        Assert.All(host.Hub.Asked, asked => Assert.Equal($"token {BrowserHost.HubToken}", asked));
        host.Gateway.Time.Advance(TimeSpan.FromHours(21));
        using var nextDay = await visit.OpenAsync(Page);
        Assert.Equal(HttpStatusCode.Found, nextDay.StatusCode);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task User_SignedOutAtTheHub_SignsInAnew(int hubStatus)
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);
        host.Gateway.Time.Advance(TimeSpan.FromMinutes(6));
        host.Hub.AnswerWith("{}", hubStatus);

        using var fetched = await visit.SendAsync(HttpMethod.Get, Page);
        int asked = host.Hub.Asked.Count;
        using var opened = await visit.OpenAsync(Page);

        Assert.Equal(HttpStatusCode.Unauthorized, fetched.StatusCode);
        Assert.Equal(["jupyterhub"], fetched.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal(HttpStatusCode.Found, opened.StatusCode);
        Assert.Equal(asked, host.Hub.Asked.Count);
    }

    [Fact]
    public async Task Hub_DownWhenTheSessionIsOver_IsAPage_AndTheSessionComesBackWithIt()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);
        host.Gateway.Time.Advance(TimeSpan.FromMinutes(6));
        host.Hub.AnswerWith("{}", 503);

        using var opened = await visit.OpenAsync(Page);
        using var fetched = await visit.SendAsync(HttpMethod.Get, Page);
        host.Knows("alice");
        using var later = await visit.OpenAsync(Page);

        Assert.Equal((HttpStatusCode.BadGateway, "text/html"), (opened.StatusCode, opened.Content.Headers.ContentType?.MediaType));
        Assert.Equal((HttpStatusCode.BadGateway, "application/json"), (fetched.StatusCode, fetched.Content.Headers.ContentType?.MediaType));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task Renewal_ByAForeignPage_IsForbidden()
    {
        await using var host = await BrowserHost.StartAsync();
        using var visit = new Visit(host.Gateway);
        await host.SignInAsync(visit);
        host.Gateway.Time.Advance(TimeSpan.FromMinutes(6));

        using var response = await visit.SendAsync(HttpMethod.Post, "/who", ("Sec-Fetch-Site", "cross-site"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("AAAA")]
    [InlineData("%")]
    [InlineData("")]
    public async Task Renewal_Nonsense_CountsAsNone(string value)
    {
        await using var host = await BrowserHost.StartAsync();
        using var client = host.Gateway.CreateClient();

        using var response = await client.SendAsync(HttpMethod.Get, Page, ("Cookie", $"dask-gateway-renewal={value}"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(host.Hub.Asked);
    }
}
