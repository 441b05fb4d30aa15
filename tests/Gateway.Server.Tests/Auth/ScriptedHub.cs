using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Auth;

/// <summary>A Hub that answers as told, for answers that a real one cannot be made to give.</summary>
internal sealed class ScriptedHub : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedHub(WebApplication app) => _app = app;

    public string ApiUrl => _app.Urls.First() + "/hub/api";

    /// <summary>What the next requests get.</summary>
    public RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    /// <summary>The <c>Authorization</c> headers that came.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What the next codes get.</summary>
    public RequestDelegate Grant { get; set; } = _ => Task.CompletedTask;

    /// <summary>The forms that codes came with.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Forms { get; } = new();

    public static async Task<ScriptedHub> StartAsync(Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen ?? (_ => { })));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var hub = new ScriptedHub(app);
        app.UseRouting();
        app.MapGet("/hub/api/user", context =>
        {
            hub.Asked.Enqueue(context.Request.Headers.Authorization.ToString());
            return hub.Answer(context);
        });
        app.MapPost("/hub/api/oauth2/token", async context =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            hub.Forms.Enqueue(form.ToDictionary(field => field.Key, field => field.Value.ToString()));
            await hub.Grant(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return hub;
    }

    public void AnswerWith(string json, int status = 200) => Answer = Json(json, status);

    public void GrantWith(string json, int status = 200) => Grant = Json(json, status);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static RequestDelegate Json(string json, int status) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    };
}
