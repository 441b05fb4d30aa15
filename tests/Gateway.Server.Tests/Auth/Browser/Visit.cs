using System.Net;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Server.Tests.Auth.Browser;

/// <summary>A browser as far as signing in goes: it keeps cookies by their rules and is told where to go on by the test.</summary>
internal sealed class Visit : IDisposable
{
    private readonly HttpClient _client;

    public Visit(AuthHost host)
        : this(host.Address)
    {
    }

    public Visit(Uri address) => _client = new(new SocketsHttpHandler { CookieContainer = Jar, AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = address };

    public CookieContainer Jar { get; } = new();

    /// <summary>Opens a page as a person does.</summary>
    public Task<HttpResponseMessage> OpenAsync(string address, params (string Name, string Value)[] headers) =>
        _client.SendAsync(HttpMethod.Get, address, [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("Sec-Fetch-Mode", "navigate"), .. headers]);

    /// <summary>Anything else that a browser sends.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string address, params (string Name, string Value)[] headers) => _client.SendAsync(method, address, headers);

    /// <summary>Opens a page and expects to be sent to the Hub.</summary>
    /// <returns>What the Hub is told.</returns>
    public async Task<Dictionary<string, string>> BeginAsync(string address)
    {
        using var response = await OpenAsync(address);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        return QueryHelpers.ParseQuery(response.Headers.Location!.OriginalString.Split('?', 2)[1]).ToDictionary(p => p.Key, p => p.Value.ToString());
    }

    /// <summary>Comes back from the Hub with a code.</summary>
    public Task<HttpResponseMessage> ReturnAsync(string state, string code = "code-1", string prefix = "") =>
        OpenAsync($"{prefix}/oauth_callback?code={Uri.EscapeDataString(code)}&state={Uri.EscapeDataString(state)}");

    public void Dispose() => _client.Dispose();
}
