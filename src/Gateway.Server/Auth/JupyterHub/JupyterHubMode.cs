using System.Security.Cryptography;
using System.Text;
using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>A JupyterHub's token, checked by asking the Hub for its owner.</summary>
internal sealed class JupyterHubMode(HubClient hub, IOptions<AuthOptions> options, TimeProvider time) : IAuthenticationMode
{
    public const string ModeName = "jupyterhub";
    private const int LongestToken = 1024;

    private readonly JupyterHubOptions _options = options.Value.JupyterHub;
    private readonly BoundedCache<string, LoginOutcome> _known = new(options.Value.JupyterHub.CacheSize, time);
    private readonly Coalescer<string, LoginOutcome> _asking = new();

    public string Name => ModeName;

    public string Challenge => "jupyterhub";

    public bool AttachedByBrowsers => false;

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
        var outcome = await hub.AskAsync(token);
        if (outcome is LoginOutcome.SignedIn)
        {
            _known.Set(key, outcome, _options.CacheLifetime);
        }

        return outcome;
    }
}
