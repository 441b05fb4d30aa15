namespace Gateway.Core.People;

/// <summary>Who is asking, whatever way they signed in.</summary>
public sealed record Caller
{
    /// <summary>The user's id in this gateway.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Name to show and to map to an account; never an identity by itself.</summary>
    public required string Name { get; init; }

    /// <summary>Groups the authenticator vouches for.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>True for administrators: they may see and stop everybody's clusters.</summary>
    public bool IsAdmin { get; init; }
}
