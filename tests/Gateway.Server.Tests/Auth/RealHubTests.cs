using System.Net;

namespace Gateway.Server.Tests.Auth;

public sealed class RealHubTests(RealHub hub) : IClassFixture<RealHub>
{
    [Fact]
    public async Task UsersTokens_OfTheRealHub_SayWhoTheyAre()
    {
        hub.Require();
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var (alice, _) = await hub.TokenAsync("alice");
        var (bob, _) = await hub.TokenAsync("bob");
        var (carol, _) = await hub.TokenAsync("carol");
        var (odd, _) = await hub.TokenAsync("odd:name");

        using var aliceCame = await client.GetAsync("/who", $"jupyterhub {alice}");
        using var bobCame = await client.GetAsync("/who", $"jupyterhub {bob}");
        using var bobAsAdmin = await client.GetAsync("/admin", $"jupyterhub {bob}");
        using var carolCame = await client.GetAsync("/admin", $"jupyterhub {carol}");
        using var oddCame = await client.GetAsync("/who", $"jupyterhub {odd}");

        var visitor = await aliceCame.VisitorAsync();
        Assert.Equal("alice", visitor.Name);
        Assert.Equal(["physics"], visitor.Groups);
        Assert.False(visitor.Admin);
        Assert.Equal("bob", (await bobCame.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.Forbidden, bobAsAdmin.StatusCode);
        Assert.True((await carolCame.VisitorAsync()).Admin);
        Assert.Equal("user:odd:name", (await oddCame.VisitorAsync()).Name);
    }

    [Fact]
    public async Task Token_WithoutTheServicesScope_IsUnauthorized()
    {
        hub.Require();
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var (narrow, _) = await hub.TokenAsync("bob", "read:users:name!user");
        var (wide, _) = await hub.TokenAsync("bob", "access:services!service=dask-gateway");

        using var refused = await client.GetAsync("/who", $"jupyterhub {narrow}");
        using var accepted = await client.GetAsync("/who", $"jupyterhub {wide}");
        using var service = await client.GetAsync("/who", $"jupyterhub {hub.ServiceToken}");

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("This JupyterHub token lacks the scope access:services!service=dask-gateway", refused.ReasonPhrase);
        Assert.Equal("bob", (await accepted.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.Unauthorized, service.StatusCode);
    }

    [Fact]
    public async Task Token_Revoked_EndsTheSessionWithinItsTime()
    {
        hub.Require();
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var (token, id) = await hub.TokenAsync("alice");
        using var signIn = await client.GetAsync("/who", $"jupyterhub {token}");
        var cookie = signIn.Cookies();

        await hub.RevokeAsync("alice", id);
        host.Time.Advance(TimeSpan.FromMinutes(5));
        using var session = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", cookie));
        using var again = await client.GetAsync("/who", $"jupyterhub {token}");

        Assert.Equal("alice", (await signIn.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.Unauthorized, session.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, again.StatusCode);
        Assert.Contains("may have expired or been revoked", await again.ErrorAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StandardClient_WithItsJupyterHubAuth_ComesIn()
    {
        hub.Require();
        await using var host = await StartAsync();
        var (token, _) = await hub.TokenAsync("alice");

        var said = await StandardClient.RunAsync(host.Address, "jupyterhub", token);

        Assert.Equal(["clusters []", "clusters []"], said);
        Assert.Equal([("jupyterhub", "", "alice")], host.Store.Users);
    }

    private Task<AuthHost> StartAsync() => AuthHost.StartAsync(
        ("Authentication:Mode", "jupyterhub"), ("JUPYTERHUB_API_URL", hub.ApiUrl), ("JUPYTERHUB_SERVICE_NAME", "dask-gateway"));
}
