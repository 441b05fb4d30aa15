using System.Globalization;
using System.Text;

namespace Gateway.Backends.Local.Processes;

/// <summary>What <c>/proc/PID/stat</c> says of a process.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="State">One letter; see <see cref="IsOver"/>.</param>
/// <param name="Session">Number of its session's leader.</param>
/// <param name="Start">Start in clock ticks since boot: with the number and the boot it names a process for good.</param>
internal readonly record struct ProcessStat(int Pid, char State, int Session, ulong Start)
{
    /// <summary>A zombie or dead: it only waits for its parent.</summary>
    public bool IsOver => State is 'Z' or 'X' or 'x';

    /// <summary>Reads it; null when there is no such process.</summary>
    public static ProcessStat? Read(int pid)
    {
        try
        {
            return Parse(pid, File.ReadAllBytes($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes the fields after the command's name, which may itself hold blanks and parentheses.</summary>
    internal static ProcessStat? Parse(int pid, ReadOnlySpan<byte> stat)
    {
        var text = Encoding.UTF8.GetString(stat[(stat.LastIndexOf((byte)')') + 1)..]);
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19
            && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var session)
            && ulong.TryParse(fields[19], CultureInfo.InvariantCulture, out var start)
            ? new ProcessStat(pid, fields[0][0], session, start)
            : null;
    }
}
