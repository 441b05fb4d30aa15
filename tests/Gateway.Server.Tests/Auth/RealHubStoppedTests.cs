using System.Net;

namespace Gateway.Server.Tests.Auth;

public sealed class RealHubStoppedTests(RealHub hub) : IClassFixture<RealHub>
{
    [Fact]
    public async Task Hub_Stopped_IsServiceUnavailableWithTheReason_AndTheClientShowsIt()
    {
        hub.Require();
        await using var host = await AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("JUPYTERHUB_API_URL", hub.ApiUrl), ("JUPYTERHUB_SERVICE_NAME", "dask-gateway"));
        using var client = host.CreateClient();
        var (token, _) = await hub.TokenAsync("alice");
        using var before = await client.GetAsync("/who", $"jupyterhub {token}");

        await hub.StopAsync();
        using var known = await client.GetAsync("/who", $"jupyterhub {token}");
        using var other = await client.GetAsync("/who", "jupyterhub other");
        var said = await StandardClient.RunAsync(host.Address, "jupyterhub", "another");

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, other.StatusCode);
        Assert.Contains("JupyterHub cannot be reached", other.ReasonPhrase, StringComparison.Ordinal);
        Assert.Contains("503", said[0], StringComparison.Ordinal);
        Assert.Contains("JupyterHub cannot be reached", said[0], StringComparison.Ordinal);
    }
}
