using System.Net;
using System.Text.Json;
using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>Asks the Hub whose a token is. Whatever the Hub does, there is an answer in bounded time.</summary>
internal sealed partial class HubClient(IHttpClientFactory clients, IOptions<AuthOptions> options, TimeProvider time, ILogger<HubClient> logger)
{
    public const string ClientName = "jupyterhub";

    private readonly JupyterHubOptions _options = options.Value.JupyterHub;

    public async Task<LoginOutcome> AskAsync(string token)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, time);
        using var client = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_options.ApiUrl!.TrimEnd('/')}/user");
        request.Headers.TryAddWithoutValidation("Authorization", $"token {token}");
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, deadline.Token);
            return response.StatusCode == HttpStatusCode.OK
                ? Judge(JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(deadline.Token), HubJson.Default.HubModel))
                : Refuse(response);
        }
        catch (OperationCanceledException)
        {
            LogSilent(logger, _options.ApiUrl, _options.Timeout.TotalSeconds);
            return new LoginOutcome.Refused(StatusCodes.Status503ServiceUnavailable, $"JupyterHub did not answer within {_options.Timeout.TotalSeconds:0.#} s, so your token could not be checked: try again in a moment");
        }
        catch (HttpRequestException failure)
        {
            LogUnreachable(logger, failure, _options.ApiUrl);
            return new LoginOutcome.Refused(StatusCodes.Status503ServiceUnavailable, $"JupyterHub cannot be reached ({failure.HttpRequestError}), so your token could not be checked: try again in a moment");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or IOException)
        {
            LogNonsense(logger, failure.GetType().Name, _options.ApiUrl);
            return Nonsense();
        }
    }

    private LoginOutcome Judge(HubModel? model)
    {
        if (model is not { Name: { Length: > 0 and <= 256 } name, Kind: { Length: > 0 and <= 64 } kind } || name.Any(char.IsControl) || kind.Any(char.IsControl))
        {
            LogNonsense(logger, "no name or kind", _options.ApiUrl);
            return Nonsense();
        }

        // A service, or a user with a colon in the name, gets a name that no user without one can have.
        var subject = kind == "user" && !name.Contains(':', StringComparison.Ordinal) ? name : $"{kind}:{name}";
        if (!string.IsNullOrEmpty(_options.ServiceName))
        {
            var scope = $"access:services!service={_options.ServiceName}";
            if (model.Scopes is null || !(model.Scopes.Contains("access:services") || model.Scopes.Contains(scope)))
            {
                LogNoScope(logger, subject, scope);
                return new LoginOutcome.Refused(StatusCodes.Status401Unauthorized, $"This JupyterHub token lacks the scope {scope}");
            }
        }

        return new LoginOutcome.SignedIn(new Login
        {
            Name = subject,
            Groups = model.Groups ?? [],
            IsAdmin = model.Admin ?? false,
            SessionEnds = time.GetUtcNow() + _options.SessionLifetime,
        });
    }

    private LoginOutcome.Refused Refuse(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        LogRefused(logger, status, _options.ApiUrl);
        return status switch
        {
            404 => new(StatusCodes.Status401Unauthorized, "JupyterHub does not know the user of this token"),
            403 => new(StatusCodes.Status500InternalServerError, "JupyterHub does not accept this token (403): it may have expired or been revoked"),
            >= 400 and < 500 => new(StatusCodes.Status500InternalServerError, $"JupyterHub refused to check this token ({status})"),
            >= 500 => new(StatusCodes.Status502BadGateway, $"JupyterHub failed to check this token ({status}): try again in a moment"),
            _ => Nonsense(),
        };
    }

    private static LoginOutcome.Refused Nonsense() =>
        new(StatusCodes.Status502BadGateway, "JupyterHub gave an answer that is not understood: is Authentication:JupyterHub:ApiUrl its REST API?");

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub at {ApiUrl} cannot be reached")]
    private static partial void LogUnreachable(ILogger logger, Exception failure, string apiUrl);

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub at {ApiUrl} did not answer within {Seconds} s")]
    private static partial void LogSilent(ILogger logger, string apiUrl, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub answered {Status} at {ApiUrl} when asked for the user of a token")]
    private static partial void LogRefused(ILogger logger, int status, string? apiUrl);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer of JupyterHub at {ApiUrl} is not understood: {Failure}")]
    private static partial void LogNonsense(ILogger logger, string failure, string? apiUrl);

    [LoggerMessage(Level = LogLevel.Information, Message = "A token of {UserName} lacks the scope {Scope}")]
    private static partial void LogNoScope(ILogger logger, string userName, string scope);
}
