using System.Net;
using System.Text.RegularExpressions;

namespace Gateway.EndToEnd.Tests.Browser;

/// <summary>A person at a browser, as far as HTTP goes: follows redirections, keeps cookies, fills in the Hub's form.</summary>
internal sealed partial class Person(string name) : IDisposable
{
    private readonly CookieContainer _jar = new();
    private HttpClient? _client;

    /// <summary>Every address that was asked for since the page was opened.</summary>
    public List<Uri> Way { get; } = [];

    /// <summary>The cookies that an address is sent.</summary>
    public string CookieHeader(Uri address) => _jar.GetCookieHeader(address);

    /// <summary>Opens a page; signs in at the Hub when that is asked for.</summary>
    public async Task<(HttpStatusCode Status, string Page)> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        Way.Clear();
        _client ??= new HttpClient(new SocketsHttpHandler { CookieContainer = _jar, AllowAutoRedirect = false, UseProxy = false });
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        for (int step = 0; step < 15; step++)
        {
            request.Headers.Add("Accept", "text/html");
            request.Headers.Add("Sec-Fetch-Mode", "navigate");
            Way.Add(request.RequestUri!);
            using var response = await _client.SendAsync(request, cancellationToken);
            request.Dispose();
            string page = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.Headers.Location is { } location)
            {
                request = new HttpRequestMessage(HttpMethod.Get, new Uri(Way[^1], location));
            }
            else if (response.StatusCode == HttpStatusCode.OK && Way[^1].AbsolutePath.EndsWith("/hub/login", StringComparison.Ordinal))
            {
                Assert.Equal(HttpMethod.Get, request.Method);
                var fields = new Dictionary<string, string> { ["username"] = name, ["password"] = "any", ["_xsrf"] = Xsrf().Match(page).Groups[1].Value };
                request = new HttpRequestMessage(HttpMethod.Post, Way[^1]) { Content = new FormUrlEncodedContent(fields) };
            }
            else
            {
                return (response.StatusCode, page);
            }
        }

        throw new InvalidOperationException($"Sent round in circles: {string.Join('\n', Way)}");
    }

    public void Dispose() => _client?.Dispose();

    [GeneratedRegex("name=\"_xsrf\" value=\"([^\"]*)\"")]
    private static partial Regex Xsrf();
}
