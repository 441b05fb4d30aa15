using Gateway.Server.Auth.Basic;
using Gateway.Server.Auth.JupyterHub;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Modes;

/// <summary>The modes that are switched on.</summary>
internal sealed class AuthenticationModes
{
    private readonly IAuthenticationMode[] _modes;

    public AuthenticationModes(IOptions<AuthOptions> options, IServiceProvider services) =>
        _modes = [options.Value.IsJupyterHub ? services.GetRequiredService<JupyterHubMode>() : services.GetRequiredService<BasicMode>()];

    /// <summary>The mode that a 401 asks for: a client that is sent several words may choose one that it cannot do.</summary>
    public IAuthenticationMode Primary => _modes[0];

    /// <summary>The mode whose word a header begins with (RFC 9110: case does not matter), or null.</summary>
    public IAuthenticationMode? ByScheme(ReadOnlySpan<char> scheme)
    {
        foreach (var mode in _modes)
        {
            if (scheme.Equals(mode.Challenge, StringComparison.OrdinalIgnoreCase))
            {
                return mode;
            }
        }

        return null;
    }

    /// <summary>The mode that made a session, or null when it is switched off by now.</summary>
    public IAuthenticationMode? ByName(string name) => Array.Find(_modes, mode => mode.Name == name);
}
