using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Gateway.Load;

/// <summary>Schedulers that do nothing but heartbeat, each in its own rhythm.</summary>
internal sealed class Schedulers(Uri api, string token, TimeSpan period) : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512, PooledConnectionLifetime = TimeSpan.FromSeconds(15) }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentQueue<(long At, double Milliseconds)> _latencies = new();
    private int _failed;

    public int Failed => _failed;

    /// <summary>Heartbeats for all clusters until the end.</summary>
    public async Task BeatAsync(IReadOnlyList<(string Cluster, IReadOnlyList<string> Workers)> clusters, CancellationToken end)
    {
        var bodies = clusters.Select(c => Body(c.Workers)).ToArray();
        var due = new PriorityQueue<int, TimeSpan>(Enumerable.Range(0, clusters.Count).Select(i => (i, period * Random.Shared.NextDouble())));
        int sequence = 0;
        long begun = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (await tick.WaitForNextTickAsync(CancellationToken.None) && !end.IsCancellationRequested)
        {
            while (due.TryPeek(out int i, out var at) && at <= Stopwatch.GetElapsedTime(begun))
            {
                due.DequeueEnqueue(i, at + period);
                _ = BeatAsync(clusters[i].Cluster, $"{bodies[i]}{++sequence}}}");
            }
        }
    }

    public async Task<bool> BeatAsync(string cluster, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api, $"v1/clusters/{cluster}/heartbeat")) { Content = new StringContent(body, Json) };
        request.Headers.TryAddWithoutValidation("Authorization", $"token {token}");
        long begun = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await _http.SendAsync(request);
            _latencies.Enqueue((begun, Stopwatch.GetElapsedTime(begun).TotalMilliseconds));
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return true;
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // Counted.
        }

        Interlocked.Increment(ref _failed);
        return false;
    }

    /// <summary>Milliseconds from request to answer, in order, of requests sent from a moment on.</summary>
    public double[] Since(long begun) => [.. _latencies.Where(l => l.At >= begun).Select(l => l.Milliseconds).Order()];

    /// <summary>All of a heartbeat but its number.</summary>
    public static string Body(IReadOnlyList<string> workers) =>
        $$"""{"scheduler_address":"tls://127.0.0.1:8786","dashboard_address":"http://127.0.0.1:8787","api_address":"http://127.0.0.1:8788","count":{{workers.Count}},"active_workers":[{{string.Join(',', workers.Select(w => $"\"{w}\""))}}],"closing_workers":[],"closed_workers":[],"incarnation":"one","sequence":""";

    public void Dispose() => _http.Dispose();
}
