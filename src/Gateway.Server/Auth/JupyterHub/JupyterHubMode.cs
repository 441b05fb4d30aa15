using System.Security.Cryptography;
using System.Text;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Auth.Modes;
using Gateway.Server.Caching;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>A JupyterHub's token, checked by asking the Hub for its owner.</summary>
internal sealed partial class JupyterHubMode : IAuthenticationMode
{
    public const string ModeName = "jupyterhub";
    private const int LongestToken = 1024;

    private readonly HubClient _hub;
    private readonly JupyterHubOptions _options;
    private readonly BoundedCache<string, LoginOutcome> _known;
    private readonly Coalescer<string, LoginOutcome> _asking = new();

    public JupyterHubMode(HubClient hub, HubSignIn signIn, IOptions<AuthOptions> options, TimeProvider time, ILogger<JupyterHubMode> logger)
    {
        _hub = hub;
        _options = options.Value.JupyterHub;
        _known = new(_options.CacheSize, time);
        if (string.IsNullOrEmpty(_options.ServiceName))
        {
            LogAnyToken(logger);
        }

        Browser = _options.SignIn.IsOffered ? signIn : null;
        if (Browser is null)
        {
            string why = _options.SignIn.Enabled is false ? "it is switched off" : $"it lacks {string.Join("; ", _options.SignIn.Missing())}";
            LogNoBrowsers(logger, why);
        }
    }

    public string Name => ModeName;

    public string Challenge => "jupyterhub";

    public bool AttachedByBrowsers => false;

    public IAuthorizationServer? Browser { get; }

    public async ValueTask<LoginOutcome> AuthenticateAsync(HttpContext context, string credentials, CancellationToken cancellationToken)
    {
        // What a header of our own request could not carry is no token of the Hub's.
        if (credentials.Length is 0 or > LongestToken || credentials.Any(c => c is <= ' ' or > '~'))
        {
            return new LoginOutcome.Refused(StatusCodes.Status401Unauthorized, "This is not a JupyterHub token");
        }

        var key = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(credentials)));
        return _known.TryGet(key, out var known)
            ? known
            : await _asking.RunAsync(key, () => AskAsync(key, credentials), cancellationToken);
    }

    // A session ends by itself soon after the Hub's word; see SessionLifetime.
    public bool StillAccepts(string name, string stamp) => true;

    // Only a good word is kept: a Hub that comes back, or a scope that is granted, counts at once.
    private async Task<LoginOutcome> AskAsync(string key, string token)
    {
        var outcome = await _hub.AskAsync(token);
        if (outcome is LoginOutcome.SignedIn)
        {
            _known.Set(key, outcome, _options.CacheLifetime);
        }

        return outcome;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Any token of the JupyterHub lets its owner in, whatever its scopes: Authentication:JupyterHub:ServiceName is not set")]
    private static partial void LogAnyToken(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Nobody can sign in with a browser, for dashboards, by Authentication:JupyterHub:SignIn: {Reason}")]
    private static partial void LogNoBrowsers(ILogger logger, string reason);
}
