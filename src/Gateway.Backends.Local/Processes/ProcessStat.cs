using System.Globalization;

namespace Gateway.Backends.Local.Processes;

/// <summary>What <c>/proc/PID/stat</c> says of a process.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="State">One letter; see <see cref="IsOver"/>.</param>
/// <param name="Session">Number of its session's leader.</param>
/// <param name="Start">Start in clock ticks since boot: with the number and the boot it names a process for good.</param>
internal readonly record struct ProcessStat(int Pid, char State, int Session, ulong Start)
{
    // Far more than the kernel ever writes.
    private const int Longest = 4096;

    /// <summary>A zombie or dead: it only waits for its parent.</summary>
    public bool IsOver => State is 'Z' or 'X' or 'x';

    /// <summary>Reads it; null when there is no such process.</summary>
    public static unsafe ProcessStat? Read(int pid)
    {
        // Read for every process of the machine: without the locks and the second read of a managed file.
        var fd = LibC.Open($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat", LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return null;
        }

        var buffer = stackalloc byte[Longest];
        var length = LibC.Read(fd, buffer, Longest);
        _ = LibC.Close(fd);
        return length > 0 ? Parse(pid, new ReadOnlySpan<byte>(buffer, (int)length)) : null;
    }

    /// <summary>Takes the fields after the command's name, which may itself hold blanks and parentheses.</summary>
    internal static ProcessStat? Parse(int pid, ReadOnlySpan<byte> stat)
    {
        var rest = stat[(stat.LastIndexOf((byte)')') + 1)..];
        var (field, state, session) = (0, '\0', 0);
        foreach (var range in rest.Split((byte)' '))
        {
            var text = rest[range];
            if (text.IsEmpty)
            {
                continue;
            }

            switch (++field)
            {
                case 1:
                    state = (char)text[0];
                    break;
                case 4:
                    if (!int.TryParse(text, CultureInfo.InvariantCulture, out session))
                    {
                        return null;
                    }

                    break;
                case 20:
                    return ulong.TryParse(text, CultureInfo.InvariantCulture, out var start) ? new ProcessStat(pid, state, session, start) : null;
            }
        }

        return null;
    }
}
