using System.Text.Json;
using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>Asks the Hub's API. Whatever the Hub does, there is an answer in bounded time, and a refusal says what it means for the user.</summary>
internal sealed partial class HubConnection(IHttpClientFactory clients, IOptions<AuthOptions> options, TimeProvider time, ILogger<HubConnection> logger)
{
    public const string ClientName = "jupyterhub";

    private readonly JupyterHubOptions _options = options.Value.JupyterHub;

    /// <param name="method">Of the request.</param>
    /// <param name="path">Below the API, such as <c>/user</c>.</param>
    /// <param name="prepare">Adds what the request carries.</param>
    /// <param name="read">Judges the answer; what it throws over an answer's form becomes a refusal.</param>
    /// <param name="consequence">What a Hub that does not answer means: "so … could not be …".</param>
    public async Task<LoginOutcome> AskAsync(
        HttpMethod method, string path, Action<HttpRequestMessage> prepare, Func<HttpResponseMessage, CancellationToken, Task<LoginOutcome>> read, string consequence)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, time);
        using var client = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(method, _options.ApiUrl!.TrimEnd('/') + path);
        prepare(request);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, deadline.Token);
            return await read(response, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            LogSilent(logger, _options.ApiUrl, _options.Timeout.TotalSeconds);
            return new LoginOutcome.Refused(StatusCodes.Status503ServiceUnavailable, $"JupyterHub did not answer within {_options.Timeout.TotalSeconds:0.#} s, {consequence}: try again in a moment");
        }
        catch (HttpRequestException failure)
        {
            LogUnreachable(logger, failure, _options.ApiUrl);
            return new LoginOutcome.Refused(StatusCodes.Status503ServiceUnavailable, $"JupyterHub cannot be reached ({failure.HttpRequestError}), {consequence}: try again in a moment");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or IOException)
        {
            return Nonsense(failure.GetType().Name);
        }
    }

    /// <summary>The refusal for an answer that no Hub gives.</summary>
    public LoginOutcome.Refused Nonsense(string why)
    {
        LogNonsense(logger, why, _options.ApiUrl);
        return new(StatusCodes.Status502BadGateway, "JupyterHub gave an answer that is not understood: is Authentication:JupyterHub:ApiUrl its REST API?");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub at {ApiUrl} cannot be reached")]
    private static partial void LogUnreachable(ILogger logger, Exception failure, string? apiUrl);

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub at {ApiUrl} did not answer within {Seconds} s")]
    private static partial void LogSilent(ILogger logger, string? apiUrl, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer of JupyterHub at {ApiUrl} is not understood: {Failure}")]
    private static partial void LogNonsense(ILogger logger, string failure, string? apiUrl);
}
