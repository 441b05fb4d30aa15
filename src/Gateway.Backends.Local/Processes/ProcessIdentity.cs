using System.Globalization;

namespace Gateway.Backends.Local.Processes;

/// <summary>A process that is told from every other, past and future, of this machine.</summary>
/// <param name="Pid">Its number, which will be used again.</param>
/// <param name="Start">Its start in clock ticks since boot.</param>
/// <param name="Boot">The boot it lives in.</param>
internal sealed record ProcessIdentity(int Pid, ulong Start, string Boot)
{
    /// <summary>Reads the one line that a supervisor writes; null while it is not complete.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        if (!text.EndsWith('\n'))
        {
            return null;
        }

        var parts = text.TrimEnd('\n').Split(' ');
        return parts.Length == 3
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var pid)
            && pid > 1
            && ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out var start)
            ? new ProcessIdentity(pid, start, parts[2])
            : null;
    }

    /// <summary>Whether it runs still: the number alone proves nothing.</summary>
    /// <param name="boot">The machine's present boot.</param>
    public bool IsAlive(string boot) => Boot == boot && ProcessStat.Read(Pid) is { IsOver: false } stat && stat.Start == Start;
}
