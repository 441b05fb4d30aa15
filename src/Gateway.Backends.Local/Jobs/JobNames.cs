using System.Text.RegularExpressions;

namespace Gateway.Backends.Local.Jobs;

/// <summary>What may become a file name.</summary>
internal static partial class JobNames
{
    public const string Allowed = "1 to 200 letters, digits, '.', '_' and '-', beginning with a letter or digit";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}\z")]
    private static partial Regex Pattern();
}
