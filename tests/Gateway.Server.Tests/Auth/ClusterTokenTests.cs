using System.Net;
using Gateway.Server.Auth.ClusterToken;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Auth;

public sealed class ClusterTokenTests
{
    private static readonly (string, string) Basic = ("Authentication:Mode", "basic");

    [Theory]
    [InlineData("token secret-one", "one", 200)]
    [InlineData("TOKEN secret-one", "one", 200)]
    [InlineData("token secret-two", "one", 401)]
    [InlineData("token secret-one", "two", 401)]
    [InlineData("token secret-one", "unknown", 401)]
    [InlineData("token secret-one", "ONE", 401)]
    [InlineData("token", "one", 401)]
    [InlineData("token ", "one", 401)]
    [InlineData("token secret-one x", "one", 401)]
    [InlineData("Bearer secret-one", "one", 401)]
    [InlineData("Basic YWxpY2U6", "one", 401)]
    [InlineData(null, "one", 401)]
    public async Task Heartbeat_IsTakenOnlyWithTheTokenOfItsCluster(string? authorization, string cluster, int expected)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];

        foreach (var route in new[] { "heartbeat", "beat" })
        {
            using var response = await client.SendAsync(HttpMethod.Post, $"/api/v1/clusters/{cluster}/{route}", headers);

            Assert.Equal(expected, (int)response.StatusCode);
            Assert.Equal(expected == 401, response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var challenge) && challenge.ToString() == "token");
        }
    }

    [Fact]
    public async Task Heartbeat_WithAUsersSession_IsUnauthorized()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/clusters/one/beat", ("Cookie", signIn.Cookies()));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["token"], response.Headers.NonValidated["WWW-Authenticate"]);
    }

    [Fact]
    public async Task Delete_TakesAUserOrTheClustersToken_AndAsksForTheOneThatWasTried()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        using var signIn = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        using var byToken = await client.SendAsync(HttpMethod.Delete, "/api/v1/clusters/one", ("Authorization", "token secret-one"));
        using var byUser = await client.SendAsync(HttpMethod.Delete, "/api/v1/clusters/one", ("Authorization", AuthHost.Basic("alice", "")));
        using var bySession = await client.SendAsync(HttpMethod.Delete, "/api/v1/clusters/one", ("Cookie", signIn.Cookies()));
        using var wrongToken = await client.SendAsync(HttpMethod.Delete, "/api/v1/clusters/two", ("Authorization", "token secret-one"), ("Cookie", signIn.Cookies()));
        using var nothing = await client.SendAsync(HttpMethod.Delete, "/api/v1/clusters/one");
        using var tokenOnUsersRoute = await client.GetAsync("/who", "token secret-one");

        Assert.Equal("one", await byToken.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("alice", await byUser.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("alice", await bySession.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.Unauthorized, wrongToken.StatusCode);
        Assert.Equal(["token"], wrongToken.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal(HttpStatusCode.Unauthorized, nothing.StatusCode);
        Assert.Equal(["Basic"], nothing.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal(HttpStatusCode.Unauthorized, tokenOnUsersRoute.StatusCode);
    }

    [Fact]
    public async Task KnownCluster_IsAskedForOnce_EvenWhenTheStoreFallsSilent()
    {
        await using var host = await StartAsync();
        var tokens = host.Services.GetRequiredService<ClusterTokens>();
        var cancellation = TestContext.Current.CancellationToken;
        Assert.True(await tokens.ValidateAsync("one", "token secret-one", cancellation));
        host.Store.IsSilent = true;

        var hit = tokens.ValidateAsync("one", "token secret-one", cancellation);
        var wrong = tokens.ValidateAsync("one", "token guess", cancellation);

        Assert.True(hit.IsCompletedSuccessfully && await hit);
        Assert.True(wrong.IsCompletedSuccessfully && !await wrong);
        Assert.Equal(1, host.Store.TokenQueries);
    }

    [Fact]
    public async Task KnownCluster_Costs_NoAllocation()
    {
        await using var host = await StartAsync();
        var tokens = host.Services.GetRequiredService<ClusterTokens>();
        var cancellation = TestContext.Current.CancellationToken;
        Assert.True(await tokens.ValidateAsync("one", "token secret-one", cancellation));

        var header = new Microsoft.Extensions.Primitives.StringValues("token secret-one");
        var all = true;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            all &= await tokens.ValidateAsync("one", header, cancellation);
        }

        Assert.True(all);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Fact]
    public async Task UnknownCluster_IsNotRemembered_AndANonsenseNameNotAskedFor()
    {
        await using var host = await StartAsync();
        var tokens = host.Services.GetRequiredService<ClusterTokens>();
        var cancellation = TestContext.Current.CancellationToken;

        Assert.False(await tokens.ValidateAsync("three", "token t", cancellation));
        host.Store.AddCluster("three", "t");
        Assert.True(await tokens.ValidateAsync("three", "token t", cancellation));
        var asked = host.Store.TokenQueries;
        Assert.False(await tokens.ValidateAsync(new string('x', 64), "token t", cancellation));
        Assert.False(await tokens.ValidateAsync("ä", "token t", cancellation));
        Assert.False(await tokens.ValidateAsync(null, "token t", cancellation));
        Assert.False(await tokens.ValidateAsync("three", "token " + new string('t', 600), cancellation));
        Assert.False(await tokens.ValidateAsync("three", new(["token t", "token t"]), cancellation));

        Assert.Equal(asked, host.Store.TokenQueries);
    }

    [Fact]
    public async Task Store_Silent_IsServiceUnavailable()
    {
        await using var host = await StartAsync();
        host.Store.IsSilent = true;
        using var client = host.CreateClient();

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/clusters/one/beat", ("Authorization", "token secret-one"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(await response.ErrorAsync());
    }

    private static async Task<AuthHost> StartAsync()
    {
        var host = await AuthHost.StartAsync(Basic);
        host.Store.AddCluster("one", "secret-one");
        host.Store.AddCluster("two", "secret-two");
        return host;
    }
}
