namespace Gateway.Server.Tests.Auth;

public sealed class StandardClientTests
{
    [Fact]
    public async Task BasicAuth_WithTheSharedPassword_ComesInOnceAndThenByItsCookie()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"), ("Authentication:Basic:Password", "pässwörd"), ("Authentication:Basic:MaxFailures", "1"));

        var said = await StandardClient.RunAsync(host.Address, "basic", "müller", "pässwörd");

        Assert.Equal(["clusters []", "clusters []"], said);
        Assert.Equal([("basic", "", "müller")], host.Store.Users);
    }

    [Fact]
    public async Task BasicAuth_WithoutAPassword_ComesInWhereAnybodyMay()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"));

        var said = await StandardClient.RunAsync(host.Address, "basic", "alice");

        Assert.Equal(["clusters []", "clusters []"], said);
    }

    [Fact]
    public async Task BasicAuth_WithAWrongPassword_ShowsTheReason()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"), ("Authentication:Basic:Password", "secret"), ("Authentication:Basic:MaxFailures", "1"));

        var said = await StandardClient.RunAsync(host.Address, "basic", "alice", "wrong");

        Assert.Contains("User name or password is wrong", said[0], StringComparison.Ordinal);
        Assert.Contains("Too many failed attempts to sign in", said[1], StringComparison.Ordinal);
    }
}
