using System.Text.RegularExpressions;

namespace Gateway.Backends.HTCondor.Tools;

/// <summary>Turns what HTCondor's tools print into a fault: their exit code is 1 whatever happened.</summary>
internal static partial class ToolErrors
{
    private const int MaxMessage = 500;

    public static ToolFault Classify(string error)
    {
        if (Denied().IsMatch(error))
        {
            return ToolFault.Denied;
        }

        if (Refused().IsMatch(error))
        {
            return ToolFault.Rejected;
        }

        if (NotReached().IsMatch(error))
        {
            return ToolFault.NotReached;
        }

        if (Unreachable().IsMatch(error))
        {
            return ToolFault.Unreachable;
        }

        return Full().IsMatch(error) ? ToolFault.Full : ToolFault.Rejected;
    }

    /// <summary>The lines that tell what went wrong, in one, without the tools' general advice.</summary>
    public static string Message(string error)
    {
        var lines = error.Split('\n')
            .Select(line => Prefix().Replace(Controls().Replace(line, " ").Trim(), ""))
            .Where(line => line.Length > 0 && !line.StartsWith("WARNING", StringComparison.OrdinalIgnoreCase))
            .TakeWhile(line => !line.StartsWith("Extra Info", StringComparison.Ordinal));
        var message = string.Join("; ", lines);
        return message.Length switch
        {
            0 => "it gave no reason",
            > MaxMessage => message[..MaxMessage] + "…",
            _ => message,
        };
    }

    [GeneratedRegex("Received \"DENIED\"|not authorized|AUTHENTICATE:100[0-9]|Failed to authenticate|PERMISSION DENIED", RegexOptions.IgnoreCase)]
    private static partial Regex Denied();

    // In the words of 23 and of 25. These stand behind a line that the queue could not be written to.
    [GeneratedRegex("Setting (owner|User|OsUser) to|not a valid (user|OS) account|not a valid user|not allowed to own jobs|Cannot allocate a cluster id", RegexOptions.IgnoreCase)]
    private static partial Regex Refused();

    [GeneratedRegex("Can't find address|Failed to connect to (local )?queue manager|unknown host|Unable to locate", RegexOptions.IgnoreCase)]
    private static partial Regex NotReached();

    [GeneratedRegex("Failed to connect|Failed to fetch ads|SECMAN:|CEDAR:|DCSchedd|Connection closed|Connection refused|timed? ?out|Failed to commit|communicat|lost connection|Failed to end transaction|errno=(28|110|111|122)|No space left|Failed to spool|Can't send|couldn't contact|Unable to contact|Collector .* (unreachable|down)|Failed to .*queue manager", RegexOptions.IgnoreCase)]
    private static partial Regex Unreachable();

    [GeneratedRegex("MAX_JOBS_|would exceed|Number of submitted jobs|maximum number of jobs|limit on jobs", RegexOptions.IgnoreCase)]
    private static partial Regex Full();

    [GeneratedRegex(@"^(-- |ERROR: |Error: |condor_\w+: ?)+", RegexOptions.IgnoreCase)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"[\p{Cc}\s]+")]
    private static partial Regex Controls();
}
