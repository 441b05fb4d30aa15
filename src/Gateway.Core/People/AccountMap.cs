using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Gateway.Core.People;

/// <summary>From a caller to the Unix account that their jobs run as.</summary>
public sealed partial class AccountMap(IOptions<AccountOptions> options)
{
    internal const string Allowed = "an account has 1 to 32 of a-z, 0-9, '_', '.' and '-', begins with a letter or '_', and is not root";

    // A plain dictionary bound from configuration would take ALICE for alice, who may be somebody else.
    private readonly Dictionary<string, string> _map = new(options.Value.Map, StringComparer.Ordinal);

    /// <summary>The account of a caller.</summary>
    /// <exception cref="PublicException">422: the caller has none; the message says what an administrator can do.</exception>
    public string Resolve(Caller caller) => Find(caller) ?? throw new PublicException(422, options.Value.Mode switch
    {
        "fixed" => "No account is configured to run jobs as; an administrator sets Accounts:Fixed.",
        "map" => $"No account to run jobs as is configured for user '{caller.Name}'; an administrator adds one to Accounts:Map.",
        _ => $"User name '{caller.Name}' cannot be an account to run jobs as ({Allowed}); an administrator can map it with Accounts:Mode=map.",
    });

    /// <summary>The account of a caller; null when there is none.</summary>
    public string? Find(Caller caller) => options.Value.Mode switch
    {
        "fixed" => options.Value.Fixed,
        "map" => _map.GetValueOrDefault(caller.Name),
        _ => IsAccount(caller.Name) ? caller.Name : null,
    };

    // root is refused in every mode: a job must never get it through a name that somebody may choose.
    internal static bool IsAccount(string? account) => account is not null and not "root" && AccountPattern().IsMatch(account);

    [GeneratedRegex(@"\A[a-z_][a-z0-9_.-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AccountPattern();
}
