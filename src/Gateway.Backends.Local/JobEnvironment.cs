using System.Text;
using System.Text.RegularExpressions;
using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local;

/// <summary>A job's environment: what may be taken over of the gateway's, the account's own, and what the job is given.</summary>
internal static partial class JobEnvironment
{
    /// <summary>Where programs are looked for when nobody says.</summary>
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // bash as /bin/sh, and dash for the last, end themselves when one of these is assigned.
    private static readonly HashSet<string> ShellsOwn = new(StringComparer.Ordinal) { "PPID", "UID", "EUID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO", "OPTIND" };

    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>What is wrong with a job's variables; null: nothing.</summary>
    public static string? Problem(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, value) in variables)
        {
            if (!IsName(name))
            {
                return $"The environment variable '{name}' cannot be set: allowed are letters, digits and '_', not beginning with a digit.";
            }

            if (ShellsOwn.Contains(name))
            {
                return $"The environment variable '{name}' cannot be set: it belongs to the shell.";
            }

            if (value.Contains('\0', StringComparison.Ordinal))
            {
                return $"The environment variable '{name}' cannot be set: its value has a zero byte.";
            }
        }

        return null;
    }

    /// <param name="inherited">Names taken over from the gateway's environment where it has them.</param>
    /// <param name="account">Whose job it is.</param>
    /// <param name="home">Its <c>HOME</c>.</param>
    /// <param name="handle">The job's handle.</param>
    /// <param name="given">What the job is given: stronger than all but the mark.</param>
    public static Dictionary<string, string> Of(
        IReadOnlyList<string> inherited, Account account, string home, string handle, IReadOnlyDictionary<string, string> given)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath };
        foreach (var name in inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                variables[name] = value;
            }
        }

        variables["HOME"] = home;
        variables["USER"] = account.Name;
        variables["LOGNAME"] = account.Name;
        variables["SHELL"] = Supervisor.Shell;
        foreach (var (name, value) in given)
        {
            variables[name] = value;
        }

        variables[Supervisor.Marker] = handle;
        return variables;
    }

    /// <summary>The shell commands that set them.</summary>
    public static string Script(IReadOnlyDictionary<string, string> variables)
    {
        var script = new StringBuilder();
        foreach (var (name, value) in variables)
        {
            script.Append("export ").Append(name).Append("='").Append(value.Replace("'", "'\\''", StringComparison.Ordinal)).Append("'\n");
        }

        return script.ToString();
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex NamePattern();
}
