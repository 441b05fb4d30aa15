using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Load;

/// <summary>Somebody who creates, scales and deletes through any replica, and remembers what was accepted.</summary>
internal sealed class User : IDisposable
{
    private const int MostClusters = 3;
    private const int MostWorkers = 4;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(40) };
    private readonly IReadOnlyList<Replica> _replicas;
    private readonly Random _random;
    private readonly Answers _answers;

    // What was last accepted; and what was last asked for where no answer told.
    private readonly Dictionary<string, int?> _accepted = [];
    private readonly Dictionary<string, int?> _open = [];

    public User(string name, IReadOnlyList<Replica> replicas, int seed, Answers answers)
    {
        (_replicas, _random, _answers) = (replicas, new Random(seed), answers);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:")));
    }

    /// <summary>What each cluster of this user must come to: a number of workers, or null: stopped.</summary>
    public IReadOnlyDictionary<string, int?> Accepted => _accepted;

    public async Task LiveAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await ActAsync();
            await Task.Delay(_random.Next(50, 500), CancellationToken.None);
        }
    }

    /// <summary>Asks again for what nobody knows the outcome of, and lets go of clusters that were made without a word.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        while (_open.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var (name, count) in _open.ToArray())
            {
                await AskAsync(name, count);
            }
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (status, body) = await SendAsync(HttpMethod.Get, "", null);
            if (status == HttpStatusCode.OK)
            {
                foreach (string name in body!.RootElement.EnumerateObject().Select(p => p.Name).Where(n => !_accepted.ContainsKey(n)))
                {
                    _open[name] = null;
                }

                break;
            }
        }

        if (_open.Count > 0)
        {
            await SettleAsync(cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task ActAsync()
    {
        if (_open.Count > 0)
        {
            var (name, count) = _open.First();
            await AskAsync(name, count);
            return;
        }

        string[] live = [.. _accepted.Where(c => c.Value is not null).Select(c => c.Key)];
        if (live.Length < MostClusters && (live.Length == 0 || _random.Next(3) == 0))
        {
            var (status, body) = await SendAsync(HttpMethod.Post, "", new { cluster_options = new { } });
            if (status == HttpStatusCode.Created)
            {
                _accepted[body!.RootElement.GetProperty("name").GetString()!] = 0;
            }

            return;
        }

        await AskAsync(live[_random.Next(live.Length)], _random.Next(5) == 0 ? null : _random.Next(MostWorkers + 1));
    }

    private async Task AskAsync(string name, int? count)
    {
        var (status, _) = count is { } n
            ? await SendAsync(HttpMethod.Post, $"{name}/scale", new { count = n })
            : await SendAsync(HttpMethod.Delete, name, null);
        switch (status)
        {
            case HttpStatusCode.OK or HttpStatusCode.NoContent:
                _accepted[name] = count;
                _open.Remove(name);
                break;
            case HttpStatusCode.Conflict:
                // Not running yet: nothing was changed.
                _open.Remove(name);
                break;
            default:
                _open[name] = count;
                break;
        }
    }

    /// <summary>One request; no status: there was no answer.</summary>
    private async Task<(HttpStatusCode? Status, JsonDocument? Body)> SendAsync(HttpMethod method, string path, object? body)
    {
        var replica = _replicas[_random.Next(_replicas.Count)];
        string kind = $"{method} {(path.EndsWith("/scale", StringComparison.Ordinal) ? "scale" : "cluster")}";
        using var request = new HttpRequestMessage(method, $"{replica.Url}/api/v1/clusters/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        try
        {
            using var answer = await _http.SendAsync(request);
            _answers.Count($"{kind} {(int)answer.StatusCode}");
            string text = await answer.Content.ReadAsStringAsync();
            bool allowed = answer.StatusCode switch
            {
                HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent or HttpStatusCode.Conflict => true,
                HttpStatusCode.ServiceUnavailable => answer.Headers.RetryAfter is not null && text.Contains("database", StringComparison.Ordinal),
                _ => false,
            };
            if (!allowed)
            {
                _answers.NotAllowed($"{kind} {path} by {replica.Name}: {(int)answer.StatusCode} {text}");
            }

            return (answer.StatusCode, answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created ? JsonDocument.Parse(text) : null);
        }
        catch (HttpRequestException)
        {
            _answers.Count($"{kind} no connection");
            return (null, null);
        }
        catch (TaskCanceledException)
        {
            _answers.NotAllowed($"{kind} {path} by {replica.Name}: no answer within {_http.Timeout}");
            return (null, null);
        }
    }
}
