using System.Net;
using System.Text.Json;
using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>Asks the Hub whose a token is.</summary>
internal sealed partial class HubClient(HubConnection hub, IOptions<AuthOptions> options, TimeProvider time, ILogger<HubClient> logger)
{
    private readonly JupyterHubOptions _options = options.Value.JupyterHub;

    public Task<LoginOutcome> AskAsync(string token) => hub.AskAsync(
        HttpMethod.Get,
        "/user",
        request => request.Headers.TryAddWithoutValidation("Authorization", $"token {token}"),
        async (response, cancellationToken) => response.StatusCode == HttpStatusCode.OK
            ? Judge(JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellationToken), HubJson.Default.HubModel))
            : Refuse(response),
        "so your token could not be checked");

    private LoginOutcome Judge(HubModel? model)
    {
        if (model is not { Name: { Length: > 0 and <= 256 } name, Kind: { Length: > 0 and <= 64 } kind } || name.Any(char.IsControl) || kind.Any(char.IsControl))
        {
            return hub.Nonsense("no name or kind");
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
            _ => hub.Nonsense($"status {status}"),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub answered {Status} at {ApiUrl} when asked for the user of a token")]
    private static partial void LogRefused(ILogger logger, int status, string? apiUrl);

    [LoggerMessage(Level = LogLevel.Information, Message = "A token of {UserName} lacks the scope {Scope}")]
    private static partial void LogNoScope(ILogger logger, string userName, string scope);
}
