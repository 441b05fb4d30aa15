namespace Gateway.Server.Auth.Basic;

/// <summary>User name and password; section <c>Authentication:Basic</c>.</summary>
internal sealed record BasicOptions
{
    /// <summary>One password for everybody.</summary>
    public string? Password { get; init; }

    /// <summary>File with <see cref="Password"/>; a newline at its end is not part of it.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>File with one line <c>name:hash[:group,group][:admin]</c> per user; an empty hash stands for the shared password.</summary>
    public string? UsersFile { get; init; }

    /// <summary>Allows sign-in under any name without a password where others than this machine can reach the gateway.</summary>
    public bool AllowAnyUser { get; init; }

    /// <summary>Failed attempts of one user from one address after which further ones are refused until <see cref="FailureWindow"/> is over.</summary>
    public int MaxFailures { get; init; } = 10;

    /// <summary>How long failed attempts count.</summary>
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromMinutes(5);
}
