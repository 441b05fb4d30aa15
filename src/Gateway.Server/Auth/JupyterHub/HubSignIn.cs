using System.Net;
using System.Text.Json;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Auth.Modes;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>The Hub as the page on which people sign in: the gateway is a client of its, as every service of a Hub is.</summary>
/// <remarks>Hubs that know PKCE check it; older ones pass over it.</remarks>
internal sealed partial class HubSignIn : IAuthorizationServer
{
    private const int LongestToken = 1024;
    private readonly HubConnection _hub;
    private readonly HubClient _client;
    private readonly HubSignInOptions _options;
    private readonly string _secret;
    private readonly ILogger _logger;

    public HubSignIn(HubConnection hub, HubClient client, IOptions<AuthOptions> options, ILogger<HubSignIn> logger)
    {
        (_hub, _client, _options, _logger) = (hub, client, options.Value.JupyterHub.SignIn, logger);
        _secret = _options.ReadToken() ?? string.Empty;
    }

    public string Title => "JupyterHub";

    public string? SignOutPage => HubPage("/logout");

    public string CallbackFor(HttpRequest request) =>
        !string.IsNullOrEmpty(_options.RedirectUri) ? _options.RedirectUri
        : _options.IsBesideHub ? request.PathBase.Add(BrowserEndpoints.CallbackPath).ToUriComponent()
        : UriHelper.BuildAbsolute(request.Scheme, request.Host, request.PathBase, BrowserEndpoints.CallbackPath);

    public string PageFor(SignInAttempt attempt) => HubPage("/api/oauth2/authorize") + new QueryBuilder
    {
        { "response_type", "code" },
        { "client_id", _options.ClientId! },
        { "redirect_uri", attempt.Callback },
        { "state", attempt.State },
        { "code_challenge", attempt.Challenge },
        { "code_challenge_method", "S256" },
    }.ToQueryString().ToUriComponent();

    public async Task<LoginOutcome> RedeemAsync(string code, SignInAttempt attempt, CancellationToken cancellationToken)
    {
        return await _hub.AskAsync(
            HttpMethod.Post,
            "/oauth2/token",
            request => request.Content = new FormUrlEncodedContent(
            [
                new("grant_type", "authorization_code"),
                new("client_id", _options.ClientId),
                new("client_secret", _secret),
                new("code", code),
                new("redirect_uri", attempt.Callback),
                new("code_verifier", attempt.Verifier),
            ]),
            async (response, deadline) =>
            {
                byte[] body = await response.Content.ReadAsByteArrayAsync(deadline);
                return response.StatusCode != HttpStatusCode.OK ? Refuse(response, body)
                    : JsonSerializer.Deserialize(body, HubJson.Default.HubToken)?.AccessToken is { Length: > 0 and <= LongestToken } token && token.All(c => c is > ' ' and <= '~') ? await IdentifyAsync(token)
                    : _hub.Nonsense("no access_token");
            },
            "so you could not be signed in").WaitAsync(cancellationToken);
    }

    private async Task<LoginOutcome> IdentifyAsync(string token) => await _client.AskAsync(token) switch
    {
        LoginOutcome.SignedIn { Login: var login } => new LoginOutcome.SignedIn(login with { Renewal = new(token) }),

        // The token has just been made, so it is not the user's fault that it is not accepted.
        LoginOutcome.Refused { Status: StatusCodes.Status500InternalServerError } refused => refused with { Status = StatusCodes.Status502BadGateway },
        var other => other,
    };

    private string HubPage(string path) => _options.HubUrl!.TrimEnd('/') + path;

    private LoginOutcome.Refused Refuse(HttpResponseMessage response, byte[] body)
    {
        int status = (int)response.StatusCode;
        if (status is < 400 or >= 600)
        {
            return _hub.Nonsense($"status {status}");
        }

        string? error = status < 500 ? ErrorOf(body) : null;
        LogRefused(_logger, status, error ?? "no reason");
        return error switch
        {
            "invalid_grant" => new(StatusCodes.Status400BadRequest, "JupyterHub does not accept this sign-in: it has been used already, or took too long"),
            "invalid_client" => new(StatusCodes.Status502BadGateway, "JupyterHub does not accept the gateway as a client: an administrator has to compare its client id and token with the Hub's configuration"),
            _ => new(StatusCodes.Status502BadGateway, $"JupyterHub failed to sign you in ({status}): try again in a moment"),
        };
    }

    private static string? ErrorOf(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, HubJson.Default.HubError)?.Error is { Length: <= 64 } error && error.All(c => char.IsAsciiLetter(c) || c == '_') ? error : null;
        }
        catch (JsonException)
        {
            return null; // a page of some proxy: the status says enough
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "JupyterHub answered {Status} ({Error}) when a browser's sign-in was to be completed")]
    private static partial void LogRefused(ILogger logger, int status, string error);
}
