using System.Globalization;
using System.Text;

namespace Gateway.Backends.Local.Processes;

/// <summary>Looks at the processes of this machine.</summary>
internal static class ProcessTable
{
    private static readonly byte[] MarkerBytes = Encoding.ASCII.GetBytes(Supervisor.Marker + "=");

    /// <summary>Every process that is not over.</summary>
    public static List<ProcessStat> Read()
    {
        var processes = new List<ProcessStat>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry.AsSpan()), CultureInfo.InvariantCulture, out var pid)
                && ProcessStat.Read(pid) is { IsOver: false } stat)
            {
                processes.Add(stat);
            }
        }

        return processes;
    }

    /// <summary>A process and what has come from it, as far as each one's parent is still there; none where the kernel does not tell.</summary>
    public static List<ProcessStat> ReadBelow(int pid)
    {
        var processes = new List<ProcessStat>();
        var next = new Queue<int>([pid]);
        while (next.TryDequeue(out var each))
        {
            if (ProcessStat.Read(each) is not { IsOver: false } stat)
            {
                continue;
            }

            processes.Add(stat);
            foreach (var child in ChildrenOf(each))
            {
                next.Enqueue(child);
            }
        }

        return processes;
    }

    // Of the first thread alone: programs whose other threads start processes are few, and are met by a look at all.
    private static IEnumerable<int> ChildrenOf(int pid)
    {
        var number = pid.ToString(CultureInfo.InvariantCulture);
        try
        {
            return [.. File.ReadAllText($"/proc/{number}/task/{number}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile, or a kernel without this list.
            return [];
        }
    }

    /// <summary>The handle of the job that a process was started by; null: none, or not to be seen by us.</summary>
    public static string? MarkerOf(int pid)
    {
        try
        {
            var variables = File.ReadAllBytes($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/environ").AsSpan();
            foreach (var range in variables.Split((byte)0))
            {
                var variable = variables[range];
                if (variable.StartsWith(MarkerBytes))
                {
                    return Encoding.ASCII.GetString(variable[MarkerBytes.Length..]);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile, or another account's: either way none that we may signal.
            return null;
        }

        return null;
    }
}
