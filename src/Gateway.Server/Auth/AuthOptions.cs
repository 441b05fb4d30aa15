using Gateway.Server.Auth.Basic;
using Gateway.Server.Auth.JupyterHub;
using Gateway.Server.Auth.Session;

namespace Gateway.Server.Auth;

/// <summary>Who may come in, and how; section <c>Authentication</c>.</summary>
internal sealed record AuthOptions
{
    public const string Section = "Authentication";

    /// <summary><c>basic</c> or <c>jupyterhub</c>. Unset means <c>basic</c> on loopback and a refusal to start elsewhere.</summary>
    public string? Mode { get; init; }

    public BasicOptions Basic { get; init; } = new();

    public JupyterHubOptions JupyterHub { get; init; } = new();

    public SessionCookieOptions Session { get; init; } = new();

    /// <summary>Names of administrators, beside those that the mode itself vouches for.</summary>
    public IReadOnlyList<string> Admins { get; init; } = [];

    /// <summary>Members by group, beside those that the mode itself vouches for.</summary>
    public IReadOnlyDictionary<string, string[]> Groups { get; init; } = new Dictionary<string, string[]>();

    /// <summary>Nobody proves anything: basic authentication with neither a password nor a file of users.</summary>
    public bool AnyUserMaySignIn => !IsJupyterHub && Basic is { Password: null or "", PasswordFile: null or "", UsersFile: null or "" };

    public bool IsJupyterHub => string.Equals(Mode, JupyterHubMode.ModeName, StringComparison.OrdinalIgnoreCase);
}
