using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Load;

/// <summary>A user step by step, for tests that look at one thing.</summary>
internal sealed class Person : IDisposable
{
    public Person(Replica replica, string name = "alice")
    {
        Http = new HttpClient { BaseAddress = new Uri($"{replica.Url}/api/"), Timeout = TimeSpan.FromSeconds(60) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:")));
    }

    public HttpClient Http { get; }

    /// <summary>A new cluster that runs, with workers that are connected.</summary>
    public async Task<string> RunClusterAsync(GatewaySite site, int workers, CancellationToken cancellationToken)
    {
        using var created = await Http.PostAsJsonAsync("v1/clusters/", new { }, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        string name = JsonDocument.Parse(await created.Content.ReadAsStringAsync(cancellationToken)).RootElement.GetProperty("name").GetString()!;
        while ((await StatusAsync(name, wait: true, cancellationToken)) == "PENDING")
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        Assert.Equal("RUNNING", await StatusAsync(name, wait: false, cancellationToken));
        await ScaleAsync(name, workers, cancellationToken);
        await Eventually.TrueAsync(async () => await ConnectedAsync(site, name, cancellationToken) == workers, $"{workers} workers connect", cancellationToken);
        return name;
    }

    public async Task ScaleAsync(string cluster, int workers, CancellationToken cancellationToken)
    {
        using var scaled = await Http.PostAsJsonAsync($"v1/clusters/{cluster}/scale", new { count = workers }, cancellationToken);
        Assert.Equal(HttpStatusCode.OK, scaled.StatusCode);
    }

    public async Task<string> StatusAsync(string cluster, bool wait, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await Http.GetStringAsync($"v1/clusters/{cluster}{(wait ? "?wait" : "")}", cancellationToken)).RootElement.GetProperty("status").GetString()!;

    public static async Task<int> ConnectedAsync(GatewaySite site, string cluster, CancellationToken cancellationToken) =>
        (await site.QueryAsync($"SELECT name FROM workers WHERE cluster = '{cluster}' AND phase = 'Connected'", cancellationToken)).Count;

    public void Dispose() => Http.Dispose();
}
