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

    /// <summary>A new cluster, as soon as one is taken on.</summary>
    public async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        string name = "";
        await Eventually.TrueAsync(
            async () =>
            {
                // The site's database has little patience, and a busy machine little time: 503 means to try again.
                using var created = await Http.PostAsJsonAsync("v1/clusters/", new { }, cancellationToken);
                string text = await created.Content.ReadAsStringAsync(cancellationToken);
                Assert.True(created.StatusCode is HttpStatusCode.Created or HttpStatusCode.ServiceUnavailable, text);
                name = created.StatusCode == HttpStatusCode.Created ? JsonDocument.Parse(text).RootElement.GetProperty("name").GetString()! : "";
                return name.Length > 0;
            },
            "a cluster is taken on",
            cancellationToken);
        return name;
    }

    /// <summary>A new cluster that runs, with workers that are connected.</summary>
    public async Task<string> RunClusterAsync(GatewaySite site, int workers, CancellationToken cancellationToken)
    {
        string name = await CreateAsync(cancellationToken);
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
        await Eventually.TrueAsync(
            async () =>
            {
                using var scaled = await Http.PostAsJsonAsync($"v1/clusters/{cluster}/scale", new { count = workers }, cancellationToken);
                Assert.True(scaled.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, await scaled.Content.ReadAsStringAsync(cancellationToken));
                return scaled.StatusCode == HttpStatusCode.OK;
            },
            "the scheduler is told",
            cancellationToken);
    }

    public async Task<string> StatusAsync(string cluster, bool wait, CancellationToken cancellationToken)
    {
        string status = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await Http.GetAsync($"v1/clusters/{cluster}{(wait ? "?wait" : "")}", cancellationToken);
                string text = await answer.Content.ReadAsStringAsync(cancellationToken);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, text);
                status = answer.StatusCode == HttpStatusCode.OK ? JsonDocument.Parse(text).RootElement.GetProperty("status").GetString()! : "";
                return status.Length > 0;
            },
            "the cluster's status is told",
            cancellationToken);
        return status;
    }

    public static async Task<int> ConnectedAsync(GatewaySite site, string cluster, CancellationToken cancellationToken) =>
        (await site.QueryAsync($"SELECT name FROM workers WHERE cluster = '{cluster}' AND phase = 'Connected'", cancellationToken)).Count;

    public void Dispose() => Http.Dispose();
}
