using System.Net;
using System.Net.Http.Json;
using System.Text;
using Gateway.Proxy.Configuration;
using Gateway.Server.Auth;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Auth.ClusterToken;
using Gateway.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Server.Tests.Auth;

/// <summary>Authentication alone on a port of its own: the real handlers and policies before routes that say who came.</summary>
internal sealed class AuthHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private AuthHost(WebApplication app, IdentityStore store, FakeTimeProvider time, LogLines log)
    {
        _app = app;
        Store = store;
        Time = time;
        Log = log;
        Address = new Uri(app.Urls.First());
    }

    public Uri Address { get; }

    public IdentityStore Store { get; }

    public FakeTimeProvider Time { get; }

    /// <summary>What the log would say: all of ours, warnings of everybody else.</summary>
    public LogLines Log { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<AuthHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var log = new LogLines();
        builder.Configuration.AddInMemoryCollection(settings.GroupBy(s => s.Key).ToDictionary(s => s.Key, s => (string?)s.Last().Value));
        var (store, fake) = IdentityStore.Create();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddGatewayAuthentication(builder.Configuration);
        builder.Services.AddSingleton<DashboardAccess>();
        builder.Services.AddOptions<ProxyOptions>().Configure(options =>
            options.Dashboards.Access = Enum.Parse<DashboardAudience>(builder.Configuration["Proxy:Dashboards:Access"] ?? "Owner", ignoreCase: true));
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Warning).AddFilter("Gateway", LogLevel.Trace);
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        var app = builder.Build();
        app.UsePathBase("/prefix");
        app.UseRouting();
        app.UseGatewayAuthentication();
        Map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, fake, time, log);
    }

    /// <summary>A client that, unlike a browser, keeps no cookies by itself.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = Address };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.Latin1.GetBytes($"{user}:{password}"));

    private static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/health", () => "pass");
        app.MapMethods("/who", ["GET", "POST"], (HttpContext context) => Who(context)).RequireAuthorization(Policies.User);
        app.MapBrowserSignIn();
        MapDashboards(app, app.ServiceProvider.GetRequiredService<DashboardAccess>());
        app.MapGet("/admin", (HttpContext context) => Who(context)).RequireAuthorization(Policies.Admin);
        app.MapGet("/api/v1/clusters/", () => Results.Json(new Dictionary<string, string>())).RequireAuthorization(Policies.User);
        app.MapDelete("/api/v1/clusters/{name}", (HttpContext context) => context.TokenCluster() ?? context.GetCaller().Name)
            .RequireAuthorization(Policies.UserOrClusterToken);
        app.MapPost("/api/v1/clusters/{name}/beat", (HttpContext context) => context.TokenCluster()).RequireAuthorization(Policies.ClusterToken);
        app.MapPost("/api/v1/clusters/{name}/heartbeat", async (string name, HttpContext context, ClusterTokens tokens) =>
        {
            if (!await tokens.ValidateAsync(name, context.Request.Headers.Authorization, context.RequestAborted))
            {
                await ClusterTokens.ChallengeAsync(context);
            }
        });
    }

    // The dashboard itself is elsewhere; what matters here is who gets to it.
    private static void MapDashboards(IEndpointRouteBuilder app, DashboardAccess access) =>
        app.Map("/clusters/{name}/{**rest}", async (string name, HttpContext context) =>
        {
            if (await access.AllowAsync(context, name))
            {
                await context.Response.WriteAsync($"dashboard of {name}");
            }
        });

    private static IResult Who(HttpContext context)
    {
        var caller = context.GetCaller();
        return Results.Json(new Visitor(caller.UserId, caller.Name, [.. caller.Groups], caller.IsAdmin));
    }
}

internal sealed record Visitor(Guid Id, string Name, string[] Groups, bool Admin);

internal static class AuthHostRequests
{
    /// <summary>Sends a request with headers as they are, wrong ones too.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpClient client, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> GetAsync(this HttpClient client, string path, string authorization) =>
        client.SendAsync(HttpMethod.Get, path, ("Authorization", authorization));

    public static async Task<Visitor> VisitorAsync(this HttpResponseMessage response) =>
        (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Visitor>(TestContext.Current.CancellationToken))!;

    public static async Task<string?> ErrorAsync(this HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(TestContext.Current.CancellationToken))!["error"];

    /// <summary>What a client sends back of the cookies that a response sets.</summary>
    public static string Cookies(this HttpResponseMessage response) =>
        string.Join("; ", response.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
}
