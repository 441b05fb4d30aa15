using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Proxy.Tests.Dashboards;

/// <summary>A dashboard's stand-in that tells what it was asked.</summary>
internal sealed class FarDashboard : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private FarDashboard(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Lets <c>/stream</c> send its second half.</summary>
    public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<FarDashboard> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Test" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var far = new FarDashboard(builder.Build());
        far.Map();
        await far._app.StartAsync(TestContext.Current.CancellationToken);
        return far;
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private void Map()
    {
        _app.Use((context, next) =>
        {
            Interlocked.Increment(ref _requests);
            return next(context);
        });
        _app.UseWebSockets();
        _app.MapGet("/", (HttpContext context) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "/status";
        });
        _app.MapGet("/redirect-absolute", () => Results.Redirect(new Uri(Address, "/tasks?a=1#b").OriginalString));
        _app.MapGet("/redirect-relative", (HttpContext context) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = context.Request.Query["to"];
        });
        _app.MapGet("/redirect-elsewhere", () => Results.Redirect("https://example.org/x"));
        _app.Map("/echo/{**rest}", async (HttpContext context) =>
            $"{context.Request.Method} {context.Request.Path.ToUriComponent()}{context.Request.QueryString}\n"
            + string.Concat(context.Request.Headers.OrderByDescending(header => header.Key == "Host").Select(header => $"{header.Key}: {header.Value}\n"))
            + await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted));
        _app.MapGet("/cookies", (HttpContext context) =>
        {
            var headers = context.Response.Headers;
            headers.SetCookie = new([$"own=1; Path=/; HttpOnly", "wide=2; Domain=example.org", "session=evil; Path=/", "SessionC1=evil", "__Host-x=1; Secure; Path=/", "=session=evil; Path=/"]);
            headers["Clear-Site-Data"] = "\"cookies\"";
            headers["Service-Worker-Allowed"] = "/";
            headers.StrictTransportSecurity = "max-age=1";
            headers.XFrameOptions = "ALLOWALL";
            return "ok";
        });
        _app.MapGet("/stream", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("first", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await GoOn.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("second", context.RequestAborted);
        });
        _app.Map("/ws", async (HttpContext context) =>
        {
            context.Response.Headers["X-Seen"] = $"{context.Request.Headers.Cookie}|{context.Request.Headers.Authorization}|{context.Request.Headers["X-Forwarded-Prefix"]}";
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not System.Net.WebSockets.WebSocketMessageType.Close } message)
            {
                await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, true, context.RequestAborted);
            }
        });
    }
}
