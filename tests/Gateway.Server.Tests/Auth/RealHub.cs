using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Testing;

namespace Gateway.Server.Tests.Auth;

/// <summary>The real JupyterHub as a process of its own, in a folder and on ports of its own.</summary>
/// <remarks>Its users come in with any password.</remarks>
public sealed class RealHub : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/jupyterhub", "/usr/local/bin/jupyterhub"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-jupyterhub-");
    private readonly string _makerToken = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly string _serviceToken = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly TaskCompletionSource _isRunning = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _log = [];
    private Process? _process;

    public string ApiUrl { get; private set; } = string.Empty;

    /// <summary>Where browsers find the Hub.</summary>
    public string Url { get; private set; } = string.Empty;

    /// <summary>The gateway's address; with it browsers can sign in for the gateway.</summary>
    public string? GatewayUrl { get; init; }

    /// <summary>Whether the Hub's own proxy runs in front of the Hub and of the gateway.</summary>
    public bool HasProxy { get; init; }

    /// <summary>The token of the gateway's own service.</summary>
    public string ServiceToken => _serviceToken;

    public async ValueTask InitializeAsync()
    {
        if (Array.Find(Places, File.Exists) is not { } program)
        {
            return;
        }

        int[] ports = [Ports.Take(), Ports.Take(), Ports.Take()];
        var start = new ProcessStartInfo(program, ["-f", Path.Combine(AppContext.BaseDirectory, "Auth", "JupyterHub", "jupyterhub_config.py")])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["TEST_HUB_PORT"] = $"{ports[0]}",
                ["TEST_HUB_PROXY_PORT"] = $"{ports[1]}",
                [HasProxy ? "TEST_HUB_PROXY_API_PORT" : "NONE"] = $"{ports[2]}",
                ["TEST_HUB_SERVICE_TOKEN"] = _serviceToken,
                ["TEST_HUB_MAKER_TOKEN"] = _makerToken,
                ["NODE_PATH"] = "/usr/share/nodejs", // where Debian's proxy has its parts, which a Node from elsewhere does not know
            },
        };
        start.Environment.Remove("PYTHONPATH");
        if (GatewayUrl is not null)
        {
            start.Environment[HasProxy ? "TEST_HUB_SERVICE_URL" : "TEST_HUB_REDIRECT_URI"] = HasProxy ? GatewayUrl : GatewayUrl + "/oauth_callback";
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => Heard(line.Data);
        _process.Exited += (_, _) => _isRunning.TrySetException(new InvalidOperationException($"jupyterhub ended:\n{Log()}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        ApiUrl = $"http://127.0.0.1:{ports[0]}/hub/api";
        Url = $"http://127.0.0.1:{(HasProxy ? ports[1] : ports[0])}";
        await _isRunning.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>Skips the test where there is no JupyterHub.</summary>
    public void Require() => Assert.SkipWhen(_process is null, "jupyterhub is not installed (Debian package jupyterhub)");

    /// <summary>Makes a token of a user, with all of their scopes or only those named.</summary>
    public async Task<(string Token, string Id)> TokenAsync(string user, params string[] scopes)
    {
        using var client = Maker();
        using var content = JsonContent.Create(scopes.Length == 0 ? new JsonObject() : new JsonObject { ["scopes"] = new JsonArray([.. scopes]) });
        using var response = await client.PostAsync($"{ApiUrl}/users/{user}/tokens", content, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        var made = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (made.GetProperty("token").GetString()!, made.GetProperty("id").GetString()!);
    }

    public async Task RevokeAsync(string user, string id)
    {
        using var client = Maker();
        using var response = await client.DeleteAsync($"{ApiUrl}/users/{user}/tokens/{id}", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public async Task StopAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
        _folder.Delete(recursive: true);
    }

    private HttpClient Maker() => new() { DefaultRequestHeaders = { { "Authorization", $"token {_makerToken}" } } };

    private void Heard(string? line)
    {
        lock (_log)
        {
            _log.Add(line ?? string.Empty);
        }

        if (line?.Contains("JupyterHub is now running", StringComparison.Ordinal) == true)
        {
            _isRunning.TrySetResult();
        }
    }

    private string Log()
    {
        lock (_log)
        {
            return string.Join('\n', _log.TakeLast(50));
        }
    }
}
