namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>A gateway and a scripted Hub at which people sign in with a browser.</summary>
internal sealed class BrowserHost : IAsyncDisposable
{
    public const string HubToken = "hub-token-of-a-browser";
    public const string Secret = "secret-of-the-service";

    private BrowserHost(ScriptedHub hub, AuthHost gateway) => (Hub, Gateway) = (hub, gateway);

    public ScriptedHub Hub { get; }

    public AuthHost Gateway { get; }

    public static async Task<BrowserHost> StartAsync(params (string, string)[] settings)
    {
        var hub = await ScriptedHub.StartAsync();
        var host = await AuthHost.StartAsync(
            [
                ("Authentication:Mode", "jupyterhub"),
                ("Authentication:JupyterHub:ApiUrl", hub.ApiUrl),
                ("Authentication:JupyterHub:ServiceName", "gw"),
                ("Authentication:JupyterHub:SignIn:HubUrl", "https://hub.example/hub/"),
                ("Authentication:JupyterHub:SignIn:Token", Secret),
                .. settings,
            ]);
        var both = new BrowserHost(hub, host);
        both.Knows("alice");
        return both;
    }

    /// <summary>Whom the Hub vouches for from now on.</summary>
    public void Knows(string name, bool admin = false, params string[] groups)
    {
        Hub.GrantWith($$"""{"access_token": "{{HubToken}}", "token_type": "Bearer", "expires_in": 3600}""");
        Hub.AnswerWith($$"""{"name": "{{name}}", "kind": "user", "admin": {{(admin ? "true" : "false")}}, "groups": [{{string.Join(',', groups.Select(g => $"\"{g}\""))}}], "scopes": ["access:services!service=gw"]}""");
    }

    /// <summary>Signs a browser in, all the way.</summary>
    public async Task SignInAsync(Visit visit, string path = "/clusters/aaaaaaaaaaaaaaaa/status")
    {
        var told = await visit.BeginAsync(path);
        using var back = await visit.ReturnAsync(told["state"]);
        Assert.Equal(path, back.Headers.Location?.OriginalString);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Hub.DisposeAsync();
    }
}
