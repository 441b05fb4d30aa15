using System.Globalization;

namespace Gateway.Backends.Local.Accounts;

/// <summary>Starts a program as another account: by setpriv, which also sets the supplementary groups and keeps no capability.</summary>
internal static class AccountChange
{
    private static readonly string[] Places = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/sbin/setpriv"];

    /// <summary>Full path of setpriv; null when the machine has none. Never taken from <c>PATH</c>: it runs as root.</summary>
    public static string? Tool() => Places.FirstOrDefault(File.Exists);

    /// <summary>What goes before a command line to run it as an account.</summary>
    public static IReadOnlyList<string> Prefix(string tool, Account account) =>
    [
        tool,
        "--reuid", account.User.ToString(CultureInfo.InvariantCulture),
        "--regid", account.Group.ToString(CultureInfo.InvariantCulture),
        "--init-groups",
        "--inh-caps=-all",
        "--",
    ];
}
