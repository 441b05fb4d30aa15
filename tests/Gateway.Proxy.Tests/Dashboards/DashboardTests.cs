using System.Net;
using System.Net.WebSockets;
using System.Text;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Dashboards;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Tests.Harness;
using Microsoft.AspNetCore.Builder;

namespace Gateway.Proxy.Tests.Dashboards;

public sealed class DashboardTests
{
    private static readonly (string, string)[] Settings = [("Dashboards:PrivateCookies:0", "session*"), ("Dashboards:PrivateHeaders:0", "X-Secret")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/services/dask-gateway")]
    public async Task Dashboard_RequestBelowPathBase_ReachesTargetWithItsOwnPathAndHost(string pathBase)
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far, pathBase);
        using var http = NewClient();

        var answer = await http.GetStringAsync(proxy.Url($"{pathBase}/clusters/c1/echo/a%20b/%C3%A4?x=1%2F2&y"), Cancel);

        Assert.Contains($"GET /echo/a%20b/%C3%A4?x=1%2F2&y\nHost: {far.Address.Authority}\n", answer, StringComparison.Ordinal);
        Assert.Contains($"X-Forwarded-Prefix: {pathBase}/clusters/c1\n", answer, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-For: 127.0.0.1\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "/clusters/c1")]
    [InlineData("", "/clusters/c1/")]
    [InlineData("/hub", "/hub/clusters/c1")]
    public async Task Dashboard_Root_RedirectStaysBelowOurPath(string pathBase, string path)
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far, pathBase);
        using var http = NewClient();

        using var absolutePath = await http.GetAsync(proxy.Url(path), Cancel);
        using var absolute = await http.GetAsync(proxy.Url($"{pathBase}/clusters/c1/redirect-absolute"), Cancel);
        using var relative = await http.GetAsync(proxy.Url($"{path}{(path.EndsWith('/') ? "" : "/")}redirect-relative?to=info/main.html"), Cancel);
        using var elsewhere = await http.GetAsync(proxy.Url($"{pathBase}/clusters/c1/redirect-elsewhere"), Cancel);

        Assert.Equal($"{pathBase}/clusters/c1/status", absolutePath.Headers.Location!.OriginalString);
        Assert.Equal($"{pathBase}/clusters/c1/tasks?a=1#b", absolute.Headers.Location!.OriginalString);
        Assert.Equal($"{pathBase}/clusters/c1/info/main.html", relative.Headers.Location!.OriginalString);
        Assert.Equal("https://example.org/x", elsewhere.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Dashboard_OurCookieAndCredentials_NeverReachTheTarget()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var http = NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, proxy.Url("/clusters/c1/echo"));
        request.Headers.Add("Cookie", "session=s3cret; theme=dark; sessionC1=s3cret; SESSION=s3cret");
        request.Headers.Add("Authorization", "Basic s3cret");
        request.Headers.Add("X-Secret", "s3cret");
        request.Headers.Add("X-Forwarded-For", "6.6.6.6");

        using var response = await http.SendAsync(request, Cancel);
        var seen = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("Cookie: theme=dark\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("6.6.6.6", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{own}", "{target}")]
    [InlineData("https://evil.example", "https://evil.example")]
    [InlineData("http://127.0.0.1:1", "http://127.0.0.1:1")]
    [InlineData("null", "null")]
    public async Task Dashboard_OriginThatIsOurs_BecomesTheTargets(string origin, string expected)
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var http = NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, proxy.Url("/clusters/c1/echo"));
        request.Headers.TryAddWithoutValidation("Origin", origin.Replace("{own}", request.RequestUri!.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal));

        using var response = await http.SendAsync(request, Cancel);

        Assert.Contains(
            $"Origin: {expected.Replace("{target}", far.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)}\n",
            await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_ItsHeaders_CannotSpeakForTheGateway()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var http = NewClient();

        using var response = await http.GetAsync(proxy.Url("/clusters/c1/cookies"), Cancel);

        Assert.Equal(["own=1; HttpOnly; Path=/clusters/c1/", "wide=2; Path=/clusters/c1/"], response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("frame-ancestors 'self'", response.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["SAMEORIGIN"], response.Headers.GetValues("X-Frame-Options"));
        Assert.False(response.Headers.Contains("Clear-Site-Data"));
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
        Assert.False(response.Headers.Contains("Service-Worker-Allowed"));
    }

    // A dashboard without bokeh redirects its root to "status": seen from /clusters/c1 that would be /clusters/status.
    [Fact]
    public async Task Dashboard_RootRedirectsRelatively_StaysBelowOurPath()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        proxy.Routes.Publish(new ClusterRoute("c2", "127.0.0.1", 1, new Uri(far.Address, "/redirect-relative")));
        using var http = NewClient();

        using var response = await http.GetAsync(proxy.Url("/clusters/c2?to=status"), Cancel);
        using var leaving = await http.GetAsync(proxy.Url("/clusters/c2?to=//example.org/x"), Cancel);

        Assert.Equal("/clusters/c2/status", response.Headers.Location!.OriginalString);
        Assert.Equal("//example.org/x", leaving.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Dashboard_BodiesHeadAndLargeHeaders_PassUnchanged()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var http = NewClient();
        var big = new string('x', 20_000);
        using var post = new HttpRequestMessage(HttpMethod.Post, proxy.Url("/clusters/c1/echo/p")) { Content = new StringContent("the body") };
        post.Headers.Add("X-Big", big);
        using var posted = await http.SendAsync(post, Cancel);
        var seen = await posted.Content.ReadAsStringAsync(Cancel);
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, proxy.Url("/clusters/c1/echo/h")), Cancel);
        using var missing = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, proxy.Url("/clusters/none/x")), Cancel);

        Assert.StartsWith("POST /echo/p\n", seen, StringComparison.Ordinal);
        Assert.Contains($"X-Big: {big}\n", seen, StringComparison.Ordinal);
        Assert.EndsWith("\nthe body", seen, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, ""), (head.StatusCode, await head.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal((HttpStatusCode.NotFound, ""), (missing.StatusCode, await missing.Content.ReadAsStringAsync(Cancel)));
    }

    [Fact]
    public async Task Dashboard_WebSocket_CarriesBothWaysAndNoCredentials()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", "session=s3cret; theme=dark");
        socket.Options.SetRequestHeader("Authorization", "Basic s3cret");
        socket.Options.CollectHttpResponseDetails = true;

        await socket.ConnectAsync(new Uri($"ws://{proxy.EndPoint}/clusters/c1/ws"), Cancel);
        Assert.Equal(["theme=dark||/clusters/c1"], socket.HttpResponseHeaders!["X-Seen"]);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancel);
        var buffer = new byte[100];
        var result = await socket.ReceiveAsync(buffer, Cancel);

        Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, result.Count));
    }

    [Fact]
    public async Task Dashboard_StreamedAnswer_ArrivesAsItIsSent()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var http = NewClient();

        using var response = await http.GetAsync(proxy.Url("/clusters/c1/stream"), HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        var first = new byte[5];
        await body.ReadExactlyAsync(first, Cancel); // the target sends no more until it is told to

        far.GoOn.SetResult();
        using var rest = new StreamReader(body);
        Assert.Equal("first", Encoding.ASCII.GetString(first));
        Assert.Equal("second", await rest.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Dashboard_UnknownOrWithout_Is404APersonCanRead()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        proxy.Routes.Publish(new ClusterRoute("bare", "127.0.0.1", 1));
        using var http = NewClient();

        using var unknown = await http.GetAsync(proxy.Url("/clusters/%3Cscript%3E/status"), Cancel);
        using var without = await http.GetAsync(proxy.Url("/clusters/bare/status"), Cancel);
        var page = await unknown.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, without.StatusCode);
        Assert.Equal("text/html", unknown.Content.Headers.ContentType!.MediaType);
        Assert.Contains("There is no running cluster &lt;script&gt;.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.Contains("runs without a dashboard", await without.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_TargetGone_Is502APersonCanRead()
    {
        var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        await far.DisposeAsync();
        using var http = NewClient();

        using var response = await http.GetAsync(proxy.Url("/clusters/c1/status"), Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("The dashboard of cluster c1 does not answer.", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "gateway.example", "/clusters/c1/echo/x?y=%20", 307)]
    [InlineData("POST", "dash.example:8443", "/clusters/c1/echo/x?y=%20", 307)]
    [InlineData("GET", "dash.example", "/clusters/c1/echo/x", 200)]
    [InlineData("GET", "Dash.Example:443", "/clusters/c1/echo/x", 200)]
    [InlineData("GET", "dash.example", "/api/v1", 404)]
    [InlineData("GET", "dash.example", "/else", 200)]
    [InlineData("GET", "gateway.example", "/api/v1", 200)]
    public async Task Dashboard_OriginOfItsOwn_ServesDashboardsAndNoApi(string method, string host, string path, int status)
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far, "/hub", settings: [("Dashboards:Origin", "https://dash.example")]);
        using var http = NewClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), proxy.Url("/hub" + path));
        request.Headers.Host = host;

        using var response = await http.SendAsync(request, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 307 ? $"https://dash.example/hub{path}" : null, response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Dashboard_GuardSaysNo_NothingIsForwarded()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far, guard: (context, name) =>
        {
            context.Response.StatusCode = name == "c1" ? 403 : 401;
            return ValueTask.FromResult(false);
        });
        using var http = NewClient();

        using var known = await http.GetAsync(proxy.Url("/clusters/c1/status"), Cancel);
        using var unknown = await http.GetAsync(proxy.Url("/clusters/other"), Cancel);

        Assert.Equal((403, 401, 0), ((int)known.StatusCode, (int)unknown.StatusCode, far.Requests));
    }

    [Fact]
    public async Task Dashboard_TenThousandRoutes_EachReachesItsOwn()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        for (int i = 0; i < 10_000; i++)
        {
            proxy.Routes.Publish(new ClusterRoute($"n{i}", "127.0.0.1", 1, new Uri(far.Address, $"/echo/{i}")));
        }

        using var http = NewClient();
        Assert.Contains("GET /echo/9999/x\n", await http.GetStringAsync(proxy.Url("/clusters/n9999/x"), Cancel), StringComparison.Ordinal);
        Assert.Contains("GET /echo/17/\n", await http.GetStringAsync(proxy.Url("/clusters/n17"), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_ServerStops_WebSocketDoesNotHoldItUp()
    {
        await using var far = await FarDashboard.StartAsync();
        await using var proxy = await StartAsync(far);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{proxy.EndPoint}/clusters/c1/ws"), Cancel);

        await proxy.App.StopAsync(Cancel);

        await Assert.ThrowsAnyAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10], Cancel));
    }

    private static HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private static async Task<ProxyHost> StartAsync(FarDashboard far, string pathBase = "", DashboardGuard? guard = null, (string, string)[]? settings = null)
    {
        var proxy = await ProxyHost.StartAsync(RelayMode.Auto, [.. Settings, .. settings ?? []], app =>
        {
            app.UsePathBase(pathBase);
            app.UseDashboardOrigin();
            app.UseRouting();
            app.MapGet("/api/v1", () => "api");
            app.MapGet("/else", () => "else");
            app.MapDashboards(guard ?? ((_, _) => ValueTask.FromResult(true)));
        });
        proxy.Routes.Publish(new ClusterRoute(ProxyHost.Cluster, "127.0.0.1", 1, far.Address));
        return proxy;
    }
}
