using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>A scheduler's command port.</summary>
internal sealed class FakeScheduler : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeScheduler(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public ConcurrentQueue<string> Commands { get; } = [];

    /// <summary>Statuses to answer with, one after the other; 200 when there are none left.</summary>
    public ConcurrentQueue<int> Statuses { get; } = [];

    /// <summary>Runs before a command is answered.</summary>
    public Action OnCommand { get; set; } = () => { };

    public static async Task<FakeScheduler> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var scheduler = new FakeScheduler(app);
        app.UseRouting();
        app.MapPost("/api/comm", scheduler.TakeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return scheduler;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        Commands.Enqueue($"{http.Request.Headers.Authorization} {http.Request.ContentType} {await reader.ReadToEndAsync(http.RequestAborted)}");
        OnCommand();
        http.Response.StatusCode = Statuses.TryDequeue(out var status) ? status : 200;
        http.Response.Headers.Location = http.Response.StatusCode is 302 or 307 ? "/api/elsewhere" : default;
    }
}
