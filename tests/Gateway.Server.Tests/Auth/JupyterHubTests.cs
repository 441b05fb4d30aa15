using System.Net;

namespace Gateway.Server.Tests.Auth;

public sealed class JupyterHubTests
{
    private const string Alice = """{"name": "alice", "kind": "user", "admin": false, "groups": ["physics"], "scopes": ["access:services!service=gw"]}""";

    [Fact]
    public async Task Request_WithoutToken_GetsTheBareChallenge()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();

        using var bare = await client.SendAsync(HttpMethod.Get, "/who");
        using var basic = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        using var empty = await client.GetAsync("/who", "jupyterhub");
        using var odd = await client.GetAsync("/who", "jupyterhub a b");
        using var overlong = await client.GetAsync("/who", "jupyterhub " + new string('a', 2_000));

        foreach (var response in new[] { bare, basic, empty, odd, overlong })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal(["jupyterhub"], response.Headers.NonValidated["WWW-Authenticate"]);
        }

        Assert.Empty(hub.Asked);
    }

    [Theory]
    [InlineData("""{"name": "alice", "kind": "user", "admin": true, "groups": ["physics"], "scopes": ["access:services"]}""", "alice", true, 1)]
    [InlineData("""{"name": "alice", "kind": "user", "groups": null, "scopes": ["x", "access:services!service=gw"], "new": {"a": 1}}""", "alice", false, 0)]
    [InlineData("""{"name": "bot", "kind": "service", "admin": false, "scopes": ["access:services!service=gw"]}""", "service:bot", false, 0)]
    [InlineData("""{"name": "service:bot", "kind": "user", "scopes": ["access:services!service=gw"]}""", "user:service:bot", false, 0)]
    public async Task Token_OfAnyOwner_GivesANameThatNobodyElseHas(string model, string name, bool admin, int groups)
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();
        hub.AnswerWith(model);

        using var response = await client.GetAsync("/who", "jupyterhub t1");

        var visitor = await response.VisitorAsync();
        Assert.Equal((name, admin, groups), (visitor.Name, visitor.Admin, visitor.Groups.Length));
        Assert.Equal([("jupyterhub", "", name)], host.Store.Users);
        Assert.Equal(["token t1"], hub.Asked);
    }

    [Theory]
    [InlineData(200, """{"name": "alice", "kind": "user", "scopes": ["access:services!service=other"]}""", 401, "lacks the scope access:services!service=gw")]
    [InlineData(200, """{"name": "alice", "kind": "user"}""", 401, "lacks the scope")]
    [InlineData(404, "{}", 401, "does not know the user")]
    [InlineData(403, "{}", 500, "does not accept this token (403)")]
    [InlineData(401, "{}", 500, "refused to check this token (401)")]
    [InlineData(429, "{}", 500, "refused to check this token (429)")]
    [InlineData(500, "{}", 502, "failed to check this token (500)")]
    [InlineData(503, "{}", 502, "failed to check this token (503)")]
    [InlineData(302, "", 502, "not understood")]
    [InlineData(200, "<html>", 502, "not understood")]
    [InlineData(200, "", 502, "not understood")]
    [InlineData(200, "null", 502, "not understood")]
    [InlineData(200, "[]", 502, "not understood")]
    [InlineData(200, "{}", 502, "not understood")]
    [InlineData(200, """{"name": "\ud800", "kind": "user", "scopes": ["access:services"]}""", 502, "not understood")]
    [InlineData(200, """{"name": "a\u0000b", "kind": "user", "scopes": ["access:services"]}""", 502, "not understood")]
    [InlineData(200, """{"name": 7, "kind": "user"}""", 502, "not understood")]
    public async Task Hub_AnswersAnythingElse_IsTheStatusAndReasonThatUsersSee(int hubStatus, string body, int expected, string reason)
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();
        hub.AnswerWith(body, hubStatus);

        using var response = await client.GetAsync("/who", "jupyterhub t1");
        using var again = await client.GetAsync("/who", "jupyterhub t1");

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Contains(reason, response.ReasonPhrase, StringComparison.Ordinal);
        Assert.Equal(response.ReasonPhrase, await response.ErrorAsync());
        Assert.Equal(expected == 401, response.Headers.Contains("WWW-Authenticate"));
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal(2, hub.Asked.Count);
    }

    [Fact]
    public async Task Hub_WithoutAServiceName_AnyTokenWillDo()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "jupyterhub"), ("JUPYTERHUB_API_URL", hub.ApiUrl + "/"));
        using var client = host.CreateClient();
        hub.AnswerWith("""{"name": "alice", "kind": "user", "scopes": []}""");

        using var response = await client.GetAsync("/who", "jupyterhub t1");

        Assert.Equal("alice", (await response.VisitorAsync()).Name);
    }

    [Fact]
    public async Task Hub_NamesTheServiceInTheEnvironment_ScopeIsAskedFor()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "jupyterhub"), ("JUPYTERHUB_API_URL", hub.ApiUrl), ("JUPYTERHUB_SERVICE_NAME", "other"));
        using var client = host.CreateClient();
        hub.AnswerWith(Alice);

        using var response = await client.GetAsync("/who", "jupyterhub t1");

        Assert.Equal("This JupyterHub token lacks the scope access:services!service=other", response.ReasonPhrase);
    }

    [Fact]
    public async Task Hub_Gone_IsServiceUnavailableWithTheReason_ButSessionsLast()
    {
        var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();
        hub.AnswerWith(Alice);
        using var signIn = await client.GetAsync("/who", "jupyterhub t1");
        await hub.DisposeAsync();

        using var other = await client.GetAsync("/who", "jupyterhub t2");
        using var session = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()));
        host.Time.Advance(TimeSpan.FromMinutes(5));
        using var later = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", signIn.Cookies()), ("Authorization", "jupyterhub t1"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, other.StatusCode);
        Assert.Contains("JupyterHub cannot be reached", other.ReasonPhrase, StringComparison.Ordinal);
        Assert.Equal("alice", (await session.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, later.StatusCode);
    }

    [Fact]
    public async Task Hub_DoesNotAnswer_IsServiceUnavailableAfterTheTimeout()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub, ("Authentication:JupyterHub:Timeout", "00:00:03"));
        using var client = host.CreateClient();
        var asked = new TaskCompletionSource();
        hub.Answer = async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };

        var pending = client.GetAsync("/who", "jupyterhub t1");
        await asked.Task;
        host.Time.Advance(TimeSpan.FromSeconds(3));
        using var response = await pending;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("did not answer within 3 s", response.ReasonPhrase, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_AskedForAgain_IsRememberedForItsTime()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();
        hub.AnswerWith(Alice);

        foreach (var (seconds, asked) in new[] { (0, 1), (59, 1), (2, 2), (0, 2) })
        {
            host.Time.Advance(TimeSpan.FromSeconds(seconds));
            using var response = await client.GetAsync("/who", "jupyterhub t1");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(asked, hub.Asked.Count);
        }
    }

    [Fact]
    public async Task Token_ComingManyTimesAtOnce_IsAskedForOnce_AndOneWhoLeavesTakesNothingFromTheOthers()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub);
        using var client = host.CreateClient();
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        hub.Answer = async context =>
        {
            asked.TrySetResult();
            await answer.Task;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, Alice);
        };

        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/who") { Headers = { { "Authorization", "jupyterhub t1" } } };
        var first = client.SendAsync(request, leaving.Token);
        await asked.Task;
        var others = Enumerable.Range(0, 20).Select(_ => client.GetAsync("/who", "jupyterhub t1")).ToList();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult();
        var responses = await Task.WhenAll(others);

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Single(hub.Asked);
    }

    [Fact]
    public async Task Session_NeverOutlastsTheHubsWord()
    {
        await using var hub = await ScriptedHub.StartAsync();
        await using var host = await StartAsync(hub, ("Authentication:JupyterHub:SessionLifetime", "00:02:00"));
        using var client = host.CreateClient();
        hub.AnswerWith(Alice);
        using var first = await client.GetAsync("/who", "jupyterhub t1");
        host.Time.Advance(TimeSpan.FromSeconds(50));
        using var remembered = await client.GetAsync("/who", "jupyterhub t1");

        host.Time.Advance(TimeSpan.FromSeconds(71));
        using var session = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", remembered.Cookies()));

        Assert.Single(hub.Asked);
        Assert.Equal(HttpStatusCode.Unauthorized, session.StatusCode);
    }

    private static Task<AuthHost> StartAsync(ScriptedHub hub, params (string, string)[] settings) => AuthHost.StartAsync(
        [("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", hub.ApiUrl), ("Authentication:JupyterHub:ServiceName", "gw"), .. settings]);
}
