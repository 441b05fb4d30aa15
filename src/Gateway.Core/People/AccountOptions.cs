namespace Gateway.Core.People;

/// <summary>Which Unix account a user's jobs run as; section <c>Accounts</c>.</summary>
public sealed record AccountOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Accounts";

    /// <summary><c>name</c>: the account is called like the user; <c>map</c>: as listed in <see cref="Map"/>; <c>fixed</c>: <see cref="Fixed"/> for everybody.</summary>
    public string Mode { get; init; } = "name";

    /// <summary>Accounts by user name, upper and lower case told apart; used by mode <c>map</c> alone.</summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = new Dictionary<string, string>();

    /// <summary>The account of mode <c>fixed</c>.</summary>
    public string? Fixed { get; init; }
}
