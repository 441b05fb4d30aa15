using System.Net;

namespace Gateway.Server.Tests.Auth;

public sealed class SessionTests : IDisposable
{
    private readonly string _users = Path.GetTempFileName();

    public void Dispose() => File.Delete(_users);

    [Fact]
    public async Task Cookie_AfterSignIn_StandsForTheUserUntilItsEnd()
    {
        await using var host = await AuthHost.StartAsync(
            ("Authentication:Mode", "basic"), ("Authentication:Admins:0", "alice"), ("Authentication:Groups:it:0", "alice"), ("Authentication:Session:Lifetime", "01:00:00"));
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        var cookie = signIn.Cookies();

        host.Time.Advance(TimeSpan.FromMinutes(59));
        using var within = await client.SendAsync(HttpMethod.Get, "/admin", ("Cookie", cookie));
        host.Time.Advance(TimeSpan.FromMinutes(2));
        using var after = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", cookie));

        var (first, second) = (await signIn.VisitorAsync(), await within.VisitorAsync());
        Assert.Equal((first.Id, "alice", true), (second.Id, second.Name, second.Admin));
        Assert.Equal(["it"], second.Groups);
        Assert.False(within.Headers.Contains("Set-Cookie"));
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task Cookie_IsHttpOnlyLaxBoundedAndBelowThePathBase()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"), ("Authentication:Session:CookieName", "gw.session"));
        using var client = host.CreateClient();

        using var atRoot = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        using var atPrefix = await client.GetAsync("/prefix/who", AuthHost.Basic("alice", ""));

        var root = Assert.Single(atRoot.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("gw.session=", root, StringComparison.Ordinal);
        Assert.Contains("; path=/;", root, StringComparison.Ordinal);
        Assert.Contains("; httponly", root, StringComparison.Ordinal);
        Assert.Contains("; samesite=lax", root, StringComparison.Ordinal);
        Assert.Contains("; max-age=86400", root, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", root, StringComparison.Ordinal);
        Assert.Contains("; path=/prefix;", Assert.Single(atPrefix.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_OfWhoSignsInAgainAndAgain_IsTheSameForAMinute()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();

        using var first = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        host.Time.Advance(TimeSpan.FromSeconds(50));
        using var second = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        using var other = await client.GetAsync("/who", AuthHost.Basic("bob", ""));
        host.Time.Advance(TimeSpan.FromSeconds(20));
        using var third = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        Assert.Equal(first.Cookies(), second.Cookies());
        Assert.NotEqual(first.Cookies(), other.Cookies());
        Assert.NotEqual(first.Cookies(), third.Cookies());
        Assert.Contains("; max-age=86400", Assert.Single(third.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dask-gateway=")]
    [InlineData("dask-gateway=abc")]
    [InlineData("dask-gateway=%%%;;;=")]
    [InlineData("dask-gateway=\"quoted\"")]
    [InlineData("dask-gateway=chunks-2000000000")]
    [InlineData("dask-gateway=chunks--1")]
    [InlineData("dask-gateway=chunks-2; dask-gatewayC1=a; dask-gatewayC2=b")]
    [InlineData("dask-gateway=CfDJ8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("other=1")]
    [InlineData(";")]
    public async Task Cookie_Nonsense_CountsAsNone(string cookie)
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();

        using var bare = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", cookie));
        using var withLogin = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", cookie), ("Authorization", AuthHost.Basic("alice", "")));

        Assert.Equal(HttpStatusCode.Unauthorized, bare.StatusCode);
        Assert.Equal("alice", (await withLogin.VisitorAsync()).Name);
    }

    [Fact]
    public async Task Cookie_WithAnyByteChanged_CountsAsNone()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        var cookie = signIn.Cookies();
        var start = cookie.IndexOf('=', StringComparison.Ordinal) + 1;

        for (var position = start; position < cookie.Length - 1; position += 7)
        {
            var forged = cookie[..position] + (cookie[position] == 'A' ? 'B' : 'A') + cookie[(position + 1)..];
            using var response = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", forged));
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Theory]
    [InlineData(120, true)]
    [InlineData(500, false)]
    public async Task Cookie_OfAUserInManyGroups_IsSplit_OrNotSetAtAll(int count, bool isSet)
    {
        var groups = string.Join(',', Enumerable.Range(0, count).Select(i => $"a-group-with-a-long-name-{i:000}"));
        await File.WriteAllTextAsync(_users, $"alice::{groups}", TestContext.Current.CancellationToken);
        await using var host = await AuthHost.StartAsync(
            ("Authentication:Mode", "basic"), ("Authentication:Basic:UsersFile", _users), ("Authentication:Basic:Password", "secret"));
        using var client = host.CreateClient();

        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", "secret"));

        Assert.Equal(count, (await signIn.VisitorAsync()).Groups.Length);
        Assert.Equal(isSet, signIn.Headers.Contains("Set-Cookie"));
        if (isSet)
        {
            using var session = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()));
            Assert.All(signIn.Headers.GetValues("Set-Cookie"), cookie => Assert.InRange(cookie.Length, 1, 4096));
            Assert.Equal(count, (await session.VisitorAsync()).Groups.Length);
        }
    }

    [Fact]
    public async Task Session_BesideAForeignSchemesHeader_Counts()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        using var response = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()), ("Authorization", "Bearer from-a-proxy"));
        using var wrongLogin = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()), ("Authorization", "Basic !!"));

        Assert.Equal("alice", (await response.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.Unauthorized, wrongLogin.StatusCode);
    }

    [Theory]
    [InlineData("GET", "Sec-Fetch-Site", "cross-site", 200)]
    [InlineData("POST", "Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("POST", "Sec-Fetch-Site", "same-site", 403)]
    [InlineData("POST", "Sec-Fetch-Site", "same-origin", 200)]
    [InlineData("POST", "Sec-Fetch-Site", "none", 200)]
    [InlineData("POST", "Origin", "http://evil.example", 403)]
    [InlineData("POST", "Origin", "null", 403)]
    [InlineData("POST", "Origin", "http://127.0.0.1:1", 403)]
    [InlineData("POST", "Origin", "{address}", 200)]
    [InlineData("POST", "Accept", "*/*", 200)]
    public async Task Request_FromABrowser_ChangesSomethingOnlyFromOurOwnPages(string method, string header, string value, int expected)
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        var origin = value.Replace("{address}", host.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);

        using var byCookie = await client.SendAsync(HttpMethod.Parse(method), "/who", ("Cookie", signIn.Cookies()), (header, origin));
        using var byPassword = await client.SendAsync(HttpMethod.Parse(method), "/who", ("Authorization", AuthHost.Basic("alice", "")), (header, origin));

        Assert.Equal(expected, (int)byCookie.StatusCode);
        Assert.Equal(expected, (int)byPassword.StatusCode);
        if (expected == 403)
        {
            Assert.Equal(await byCookie.ErrorAsync(), byCookie.ReasonPhrase);
        }
    }

    [Fact]
    public async Task WebSocket_OpenedByAForeignPage_IsForbidden()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        using var response = await client.SendAsync(
            HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Origin", "https://evil.example"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Session_OfAnotherGatewaysKeys_CountsAsNone()
    {
        await using var one = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        await using var other = await AuthHost.StartAsync(("Authentication:Mode", "basic"));
        using var client = one.CreateClient();
        using var otherClient = other.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        using var response = await otherClient.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
