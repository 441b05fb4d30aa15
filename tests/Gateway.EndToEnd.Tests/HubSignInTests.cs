using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Gateway.EndToEnd.Tests.Browser;
using Gateway.EndToEnd.Tests.Processes;
using Gateway.Server.Tests.Auth;
using Gateway.Testing;

namespace Gateway.EndToEnd.Tests;

/// <summary>People open dashboards of real clusters with a browser and sign in at the real JupyterHub.</summary>
public sealed class HubSignInTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dashboard_SignedInAtTheRealHub_IsSeenByItsOwner_AndByNobodyElse(bool behindHubsProxy)
    {
        int port = Ports.Take();
        await using var hub = new RealHub { GatewayUrl = $"http://127.0.0.1:{port}", HasProxy = behindHubsProxy };
        await hub.InitializeAsync();
        hub.Require();
        await using var gateway = await GatewayProcess.StartAsync(SettingsFor(hub), port, Token);
        string origin = behindHubsProxy ? hub.Url : gateway.Url;
        string root = behindHubsProxy ? $"{hub.Url}/services/dask-gateway" : gateway.Url;
        string route = await ClusterOfAsync(hub, gateway, "alice");
        var page = new Uri($"{root}{route}?theme=dark");

        using var alice = new Person("alice");
        using var bob = new Person("bob");
        using var carol = new Person("carol");
        var (aliceStatus, alicePage) = await alice.OpenAsync(page, Token);
        var (bobStatus, bobPage) = await bob.OpenAsync(page, Token);
        var (adminStatus, _) = await carol.OpenAsync(page, Token);

        Assert.True(aliceStatus == HttpStatusCode.OK, $"{string.Join('\n', alice.Way)}\n{alicePage}\n{gateway.Output}");
        Assert.Equal(page, alice.Way[^1]);
        Assert.Contains("bokeh", alicePage, StringComparison.OrdinalIgnoreCase); // the page, or that it needs the package
        Assert.Contains(alice.Way, address => address.AbsolutePath == "/hub/login");
        Assert.Contains(alice.Way, address => address.AbsolutePath.EndsWith("/oauth_callback", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.Forbidden, true), (bobStatus, bobPage.Contains("belongs to somebody else", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, adminStatus);

        var (again, _) = await alice.OpenAsync(page, Token);
        Assert.Equal((HttpStatusCode.OK, 1), (again, alice.Way.Count));
        await SocketIsForAsync(alice, page, origin, isOpen: true);
        await SocketIsForAsync(alice, page, "https://evil.example", isOpen: false);
        await SocketIsForAsync(bob, page, origin, isOpen: false);
        Assert.DoesNotContain("oauth_callback?", gateway.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(hub.ServiceToken, gateway.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dashboard_InARealBrowser_LivesAfterSigningIn_AndCannotActInTheVisitorsName(bool behindHubsProxy)
    {
        Chromium.Require();
        int port = Ports.Take();
        await using var hub = new RealHub { GatewayUrl = $"http://127.0.0.1:{port}", HasProxy = behindHubsProxy };
        await hub.InitializeAsync();
        hub.Require();
        await using var gateway = await GatewayProcess.StartAsync(SettingsFor(hub), port, Token);
        string root = behindHubsProxy ? $"{hub.Url}/services/dask-gateway" : gateway.Url;
        string page = root + await ClusterOfAsync(hub, gateway, "alice");

        await using var alice = await Chromium.StartAsync(Token);
        await SignInAsync(alice, page, "alice");
        await alice.UntilAsync("location.pathname.endsWith('/status') && document.documentElement.innerHTML.toLowerCase().includes('bokeh')", Token);
        Assert.Equal("open", await alice.EvaluateAsync(
            "new Promise(r => { const s = new WebSocket(location.href.replace('http', 'ws').replace('/status', '/eventstream')); s.onopen = () => r('open'); s.onerror = () => r('error'); })", Token));
        Assert.Equal("403", await alice.EvaluateAsync($"fetch('{new Uri(root).AbsolutePath.TrimEnd('/')}/api/v1/clusters/').then(r => r.status)", Token));
        Assert.DoesNotContain("dask-gateway", await alice.EvaluateAsync("document.cookie", Token), StringComparison.Ordinal);

        await using var bob = await Chromium.StartAsync(Token);
        await SignInAsync(bob, page, "bob");
        await bob.UntilAsync("document.body?.innerText.includes('belongs to somebody else')", Token);
    }

    [Fact]
    public async Task SignIn_BehindATrustedProxy_UsesTheAddressThatTheBrowserKnows()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            new()
            {
                ["Authentication:Mode"] = "jupyterhub",
                ["Authentication:JupyterHub:ApiUrl"] = "http://127.0.0.1:1/hub/api",
                ["Authentication:JupyterHub:ServiceName"] = "dask-gateway",
                ["Authentication:JupyterHub:SignIn:Enabled"] = "true",
                ["Authentication:JupyterHub:SignIn:HubUrl"] = "https://hub.example/hub",
                ["Authentication:JupyterHub:SignIn:Token"] = "secret",
                ["Proxy:TrustedProxies:0"] = "127.0.0.1",
            },
            Token);
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{gateway.Url}/clusters/aaaaaaaaaaaaaaaa/status")
        {
            Headers = { { "Accept", "text/html" }, { "X-Forwarded-For", "192.0.2.1" }, { "X-Forwarded-Proto", "https" }, { "X-Forwarded-Host", "gateway.example" }, { "X-Forwarded-Prefix", "/dask" } },
        };

        using var response = await client.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Contains($"redirect_uri={Uri.EscapeDataString("https://gateway.example/dask/oauth_callback")}&", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        string cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/dask;", cookie, StringComparison.OrdinalIgnoreCase);
    }

    internal static Dictionary<string, string> SettingsFor(RealHub hub)
    {
        var settings = new Dictionary<string, string>
        {
            ["Authentication:Mode"] = "jupyterhub",
            ["JUPYTERHUB_API_URL"] = hub.ApiUrl,
            ["JUPYTERHUB_API_TOKEN"] = hub.ServiceToken,
            ["JUPYTERHUB_SERVICE_NAME"] = "dask-gateway",
        };
        if (hub.HasProxy)
        {
            settings["JUPYTERHUB_SERVICE_PREFIX"] = "/services/dask-gateway/";
            settings["JUPYTERHUB_BASE_URL"] = "/";
        }
        else
        {
            settings["Authentication:JupyterHub:SignIn:HubUrl"] = $"{hub.Url}/hub";
        }

        return settings;
    }

    /// <summary>A running cluster's dashboard, as a path below the gateway's root.</summary>
    internal static async Task<string> ClusterOfAsync(RealHub hub, GatewayProcess gateway, string user)
    {
        var (token, _) = await hub.TokenAsync(user);
        using var client = new HttpClient { DefaultRequestHeaders = { { "Authorization", $"jupyterhub {token}" } }, Timeout = TimeSpan.FromMinutes(3) };
        using var created = await client.PostAsJsonAsync($"{gateway.Url}/api/v1/clusters/", new { cluster_options = new { } }, Token);
        string name = (await created.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("name").GetString()!;
        while (true)
        {
            var report = await client.GetFromJsonAsync<JsonElement>($"{gateway.Url}/api/v1/clusters/{name}?wait", Token);
            string status = report.GetProperty("status").GetString()!;
            if (status == "RUNNING")
            {
                return report.GetProperty("dashboard_route").GetString()!;
            }

            Assert.True(status == "PENDING", $"{report}\n{gateway.Output}");
        }
    }

    private static async Task SignInAsync(Chromium browser, string page, string user)
    {
        await browser.OpenAsync(page, Token);
        await browser.UntilAsync("location.pathname === '/hub/login' && document.readyState === 'complete'", Token);
        await browser.EvaluateAsync(
            $"document.querySelector('input[name=username]').value = '{user}'; document.querySelector('input[name=password]').value = 'any'; document.querySelector('input[name=username]').form.submit()", Token);
    }

    private static async Task SocketIsForAsync(Person person, Uri page, string origin, bool isOpen)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", person.CookieHeader(page));
        socket.Options.SetRequestHeader("Origin", origin);
        socket.Options.CollectHttpResponseDetails = true;
        var address = new UriBuilder(page) { Scheme = "ws", Path = page.AbsolutePath.Replace("/status", "/eventstream", StringComparison.Ordinal), Query = "" }.Uri;
        if (isOpen)
        {
            await socket.ConnectAsync(address, Token);
            Assert.Equal(WebSocketState.Open, socket.State);
            return;
        }

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, Token));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }
}
