using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Dask;

/// <summary>Tells schedulers how many workers their owners want.</summary>
/// <remarks>
/// A scheduler is its user's program: nothing of its answer but the status is read, it is connected to only where its job was seen to run,
/// and neither a proxy nor a redirection can lead elsewhere.
/// </remarks>
public sealed partial class SchedulerClient : IDisposable
{
    private const int Tries = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly ILogger<SchedulerClient> _logger;

    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long one try may take.</param>
    /// <param name="logger">Where to log.</param>
    public SchedulerClient(TimeProvider time, TimeSpan timeout, ILogger<SchedulerClient> logger)
    {
        _time = time;
        _timeout = timeout;
        _logger = logger;
        _http = new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTimeout,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 16 << 10,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Asks for a number of workers and ends adaptive scaling.</summary>
    /// <param name="cluster">The cluster's name, for the log.</param>
    /// <param name="apiAddress">Where its scheduler takes commands, checked.</param>
    /// <param name="token">The cluster's token.</param>
    /// <param name="count">How many workers, 0 or more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when the scheduler has taken it, else what went wrong at the last of three tries, in words that follow a colon.</returns>
    public Task<string?> ScaleAsync(string cluster, string apiAddress, string token, int count, CancellationToken cancellationToken) =>
        SendAsync(cluster, apiAddress, token, string.Create(CultureInfo.InvariantCulture, $$"""{"op":"scale","count":{{count}}}"""), cancellationToken);

    /// <summary>Begins or ends adaptive scaling.</summary>
    /// <param name="cluster">The cluster's name, for the log.</param>
    /// <param name="apiAddress">Where its scheduler takes commands, checked.</param>
    /// <param name="token">The cluster's token.</param>
    /// <param name="minimum">Fewest workers; null: the scheduler's own.</param>
    /// <param name="maximum">Most workers; null: no limit.</param>
    /// <param name="active">False ends it and keeps the number of workers.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when the scheduler has taken it, else what went wrong at the last of three tries, in words that follow a colon.</returns>
    public Task<string?> AdaptAsync(string cluster, string apiAddress, string token, int? minimum, int? maximum, bool active, CancellationToken cancellationToken) =>
        SendAsync(cluster, apiAddress, token, $$"""{"op":"adapt","minimum":{{Number(minimum)}},"maximum":{{Number(maximum)}},"active":{{(active ? "true" : "false")}}}""", cancellationToken);

    /// <summary>Closes idle connections.</summary>
    public void Dispose() => _http.Dispose();

    private async Task<string?> SendAsync(string cluster, string apiAddress, string token, string body, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(apiAddress.TrimEnd('/') + "/api/comm", UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp)
        {
            return "its address is not an HTTP address";
        }

        string? problem = null;
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (attempt > 1)
            {
                await Task.Delay(FirstPause * (attempt - 1), _time, cancellationToken);
            }

            problem = await TryAsync(address, token, body, cancellationToken);
            if (problem is null)
            {
                return null;
            }

            LogTryFailed(cluster, attempt, problem);
        }

        return problem;
    }

    private async Task<string?> TryAsync(Uri address, string token, string body, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version11,
            Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"token {token}");
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"it answered with status {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Options.Duration.Format(_timeout)}";
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError switch
            {
                HttpRequestError.ConnectionError => "no connection",
                HttpRequestError.NameResolutionError => "its host name is not known",
                _ => "the connection broke",
            };
        }
    }

    private static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scheduler of {ClusterName} did not take a command, try {Attempt}: {Problem}")]
    private partial void LogTryFailed(string clusterName, int attempt, string problem);
}
