using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>Settings of signing in with a browser.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("Enabled", "true", "Enabled is true, which needs Authentication:JupyterHub:SignIn:HubUrl (or JUPYTERHUB_BASE_URL)")]
    [InlineData("Enabled", "true", "Enabled is true, which needs Authentication:JupyterHub:SignIn:Token or TokenFile (or JUPYTERHUB_API_TOKEN)")]
    [InlineData("Enabled", "true", "Enabled is true, which needs Authentication:JupyterHub:SignIn:ClientId (or JUPYTERHUB_CLIENT_ID, or JupyterHub:ServiceName)")]
    [InlineData("HubUrl", "hub.example/hub", "SignIn:HubUrl is 'hub.example/hub'; allowed is a URL such as https://hub.example.org/hub")]
    [InlineData("HubUrl", "//evil.example", "SignIn:HubUrl is '//evil.example'")]
    [InlineData("HubUrl", "https://user:secret@hub", "SignIn:HubUrl is")]
    [InlineData("HubUrl", "https://hub/hub?a=b", "SignIn:HubUrl is")]
    [InlineData("HubUrl", "javascript:alert(1)", "SignIn:HubUrl is")]
    [InlineData("RedirectUri", "https://gateway.example/", "SignIn:RedirectUri is 'https://gateway.example/'; allowed is the service's oauth_redirect_uri, a URL or a path that ends in /oauth_callback.")]
    [InlineData("ClientId", "a b", "SignIn:ClientId is 'a b'")]
    [InlineData("TokenFile", "/no/such/file", "SignIn:TokenFile names the file '/no/such/file'")]
    [InlineData("TokenFile", "{empty}", "SignIn:TokenFile does not hold a token")]
    public async Task WrongValue_StopsTheStart_NamingKeyAndWhatIsAllowed(string key, string value, string expected)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", "http://hub"),
            ($"Authentication:JupyterHub:SignIn:{key}", value.Replace("{empty}", _file, StringComparison.Ordinal))));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_IsNeverQuoted_AndStandsInOnePlace()
    {
        await File.WriteAllTextAsync(_file, "other\n", TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", "http://hub"),
            ("Authentication:JupyterHub:SignIn:Token", "a secret"), ("Authentication:JupyterHub:SignIn:TokenFile", _file)));
        var odd = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", "http://hub"), ("Authentication:JupyterHub:SignIn:Token", "a secret")));

        Assert.Contains("SignIn:TokenFile are both set; one of them is allowed.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("SignIn:Token does not hold a token", odd.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", failure.Message + odd.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenFile_InsteadOfTheHubsVariable_IsTheClientsSecret()
    {
        await File.WriteAllTextAsync(_file, "secret-of-the-file\n", TestContext.Current.CancellationToken);
        await using var host = await BrowserHost.StartAsync(
            ("Authentication:JupyterHub:SignIn:Token", ""), ("Authentication:JupyterHub:SignIn:TokenFile", _file), ("JUPYTERHUB_API_TOKEN", "unused"),
            ("JUPYTERHUB_CLIENT_ID", "service-other"), ("Authentication:JupyterHub:SignIn:RedirectUri", "http://127.0.0.1/elsewhere/oauth_callback"));
        using var visit = new Visit(host.Gateway);

        var told = await visit.BeginAsync("/clusters/aaaaaaaaaaaaaaaa/status");
        using var back = await visit.ReturnAsync(told["state"]);

        var form = Assert.Single(host.Hub.Forms);
        Assert.Equal(("secret-of-the-file", "service-other", "http://127.0.0.1/elsewhere/oauth_callback"), (form["client_secret"], form["client_id"], form["redirect_uri"]));
        Assert.Equal(("service-other", "http://127.0.0.1/elsewhere/oauth_callback"), (told["client_id"], told["redirect_uri"]));
    }

    [Theory]
    [InlineData("Authentication:JupyterHub:SignIn:Enabled", "false")]
    [InlineData("Authentication:JupyterHub:SignIn:HubUrl", "")]
    public async Task SignIn_OffOrIncomplete_IsAnAnswerThatPeopleCanRead_AndALineInTheLog(string key, string value)
    {
        await using var host = await BrowserHost.StartAsync((key, value));
        using var visit = new Visit(host.Gateway);

        using var page = await visit.OpenAsync("/clusters/aaaaaaaaaaaaaaaa/status");
        using var callback = await visit.OpenAsync("/oauth_callback?code=a&state=b");

        Assert.Equal((HttpStatusCode.Unauthorized, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        Assert.Equal(["jupyterhub"], page.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal(HttpStatusCode.NotFound, callback.StatusCode);
        Assert.Contains("Nobody can sign in with a browser", host.Gateway.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Basic_HasNoPageElsewhere_BrowsersAskThemselves()
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"), ("Authentication:Basic:Password", "secret"));
        using var visit = new Visit(host);

        using var page = await visit.OpenAsync("/clusters/aaaaaaaaaaaaaaaa/status");
        using var callback = await visit.OpenAsync("/oauth_callback?code=a&state=b");
        using var signOut = await visit.OpenAsync("/logout");

        Assert.Equal(["Basic"], page.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal(HttpStatusCode.NotFound, callback.StatusCode);
        Assert.DoesNotContain("href", await signOut.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
