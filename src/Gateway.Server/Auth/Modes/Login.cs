namespace Gateway.Server.Auth.Modes;

/// <summary>A user as a mode vouches for them.</summary>
internal sealed record Login
{
    /// <summary>The user in the mode's words: identity and name to show.</summary>
    public required string Name { get; init; }

    public IReadOnlyList<string> Groups { get; init; } = [];

    public bool IsAdmin { get; init; }

    /// <summary>What the mode recognises this sign-in by later, see <see cref="IAuthenticationMode.StillAccepts"/>; no secret.</summary>
    public string Stamp { get; init; } = string.Empty;

    /// <summary>When a session resting on this sign-in has to end at the latest; null: only the session's own lifetime counts.</summary>
    public DateTimeOffset? SessionEnds { get; init; }

    /// <summary>
    /// Secret credentials that the mode takes again in <see cref="IAuthenticationMode.AuthenticateAsync"/>. A browser keeps them, encrypted, so that its
    /// sessions go on for as long as the mode still accepts them; null: they end when they end.
    /// </summary>
    public Renewal? Renewal { get; init; }
}
