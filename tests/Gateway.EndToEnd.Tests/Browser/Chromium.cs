using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.EndToEnd.Tests.Browser;

/// <summary>A real browser with a profile of its own, driven over its debugging protocol.</summary>
internal sealed partial class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo _profile = Directory.CreateTempSubdirectory("gateway-chromium-");
    private readonly ClientWebSocket _socket = new();
    private readonly Process _process;
    private int _last;

    private Chromium() => _process = Process.Start(new ProcessStartInfo(
        Program,
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", $"--user-data-dir={_profile.FullName}", "about:blank"])
    { RedirectStandardError = true, RedirectStandardOutput = true })!;

    /// <summary>Skips the test where there is no browser.</summary>
    public static void Require() => Assert.SkipUnless(File.Exists(Program), "chromium is not installed (deploy/dev/need.sh browser)");

    public static async Task<Chromium> StartAsync(CancellationToken cancellationToken)
    {
        var browser = new Chromium();
        var said = "";
        while (await browser._process.StandardError.ReadLineAsync(cancellationToken) is { } line)
        {
            said += line + "\n";
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = browser._process.StandardError.ReadToEndAsync(cancellationToken);
                using var http = new HttpClient();
                var pages = await http.GetFromJsonAsync<JsonElement[]>($"http://{match.Groups[1].Value}/json/list", cancellationToken);
                var page = pages!.First(target => target.GetProperty("type").GetString() == "page");
                await browser._socket.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), cancellationToken);
                return browser;
            }
        }

        await browser.DisposeAsync();
        throw new InvalidOperationException($"chromium ended:\n{said}");
    }

    public Task OpenAsync(string address, CancellationToken cancellationToken) => AskAsync("Page.navigate", new() { ["url"] = address }, cancellationToken);

    /// <summary>What an expression, or the promise it makes, comes to on the page that is shown.</summary>
    public async Task<string> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        var answer = await AskAsync("Runtime.evaluate", new() { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true }, cancellationToken);
        return answer.TryGetProperty("result", out var result) && result.GetProperty("result").TryGetProperty("value", out var value) ? value.ToString() : "";
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task UntilAsync(string expression, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await EvaluateAsync(expression, cancellationToken) != "True")
        {
            if (patience.IsCancellationRequested)
            {
                Assert.Fail($"never {expression}: {await EvaluateAsync("location.href + '\\n' + document.body.innerText", cancellationToken)}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        for (int i = 0; i < 20 && _profile.Exists; i++, _profile.Refresh())
        {
            try
            {
                _profile.Delete(recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(100); // a helper process that is just ending still writes
            }
        }
    }

    private async Task<JsonElement> AskAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        int id = ++_last;
        byte[] question = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters });
        await _socket.SendAsync(question, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        while (true)
        {
            using var message = new MemoryStream();
            byte[] buffer = new byte[16 * 1024];
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);

            using var answer = JsonDocument.Parse(message.ToArray());
            if (answer.RootElement.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
            {
                return answer.RootElement.Clone();
            }
        }
    }

    [GeneratedRegex("DevTools listening on ws://([^/]+)/")]
    private static partial Regex Listening();
}
