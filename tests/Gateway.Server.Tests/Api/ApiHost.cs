using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Core.Backends;
using Gateway.Core.Store;
using Gateway.Proxy.Presence;
using Gateway.Proxy.Routing;
using Gateway.Server.Api;
using Gateway.Server.Auth;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Server.Tests.Api;

/// <summary>The API with real authentication on a real port, over a store in memory. <c>root</c> is an administrator; nobody has a password.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiHost(WebApplication app, FakeSignal signal, FakeStore store, FakeDatabase database, FakeLogs logs, FakeTimeProvider time)
    {
        _app = app;
        Signal = signal;
        Store = store;
        Database = database;
        Logs = logs;
        Time = time;
        Address = new Uri(app.Urls.First());
    }

    public Uri Address { get; }

    public FakeSignal Signal { get; }

    public FakeStore Store { get; }

    public FakeDatabase Database { get; }

    public FakeLogs Logs { get; }

    public FakeTimeProvider Time { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<ApiHost> StartAsync(string settings = "{}", Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection([new("Authentication:Mode", "basic"), new("Authentication:Admins:0", "root")]);
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(settings)));
        var signal = new FakeSignal();
        var store = new FakeStore(signal);
        var database = new FakeDatabase(store);
        var logs = new FakeLogs();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        builder.Services.AddRouting();
        builder.Services.AddSingleton<IClusterStore>(store);
        builder.Services.AddSingleton<IGatewayStore>(database);
        builder.Services.AddSingleton<IChangeSignal>(signal);
        builder.Services.AddSingleton<IJobLogs>(logs);
        builder.Services.AddSingleton(new BackendRegistry([]));
        builder.Services.AddSingleton<ConnectionPresence>();
        builder.Services.AddSingleton<RouteTable>();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddGatewayAuthentication(builder.Configuration);
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddGatewayApi(builder.Configuration);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        if (PathBase.Read(builder.Configuration) is { Length: > 0 } path)
        {
            app.UsePathBase(path);
        }

        app.UseGatewayErrors();
        app.UseRouting();
        app.UseGatewayAuthentication();
        app.MapGatewayApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, signal, store, database, logs, time);
    }

    public HttpClient CreateClient(string? user = "alice")
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 2000 }) { BaseAddress = Address };
        if (user is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.Latin1.GetBytes(user + ":")));
        }

        return client;
    }

    public HttpClient CreateScheduler(string cluster)
    {
        var client = CreateClient(null);
        client.DefaultRequestHeaders.Authorization = new("token", "token-" + cluster);
        return client;
    }

    public void Stop() => _app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}

internal static class ApiRequests
{
    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, string json) =>
        client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, byte[] body) =>
        client.PostAsync(path, new ByteArrayContent(body), TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> ReadAsync(this HttpClient client, string path) => client.GetAsync(path, TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> EndAsync(this HttpClient client, string path) => client.DeleteAsync(path, TestContext.Current.CancellationToken);

    public static Task<string> TextAsync(this HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>The answer's JSON, which must have come with this status.</summary>
    public static async Task<JsonElement> JsonAsync(this Task<HttpResponseMessage> request, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await request;
        var text = await response.TextAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} {response.ReasonPhrase}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>The sentence of an error, which must have come with this status and hold nothing else.</summary>
    public static async Task<string> ErrorAsync(this Task<HttpResponseMessage> request, HttpStatusCode status)
    {
        var json = await request.JsonAsync(status);
        Assert.Equal(["error"], json.EnumerateObject().Select(member => member.Name));
        return json.GetProperty("error").GetString()!;
    }
}
