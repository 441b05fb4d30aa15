using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Testing;

/// <summary>Signals to processes, as an operator or the kernel would send them.</summary>
public static class ProcessSignals
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGQUIT: for Postgres an immediate stop.</summary>
    public const int Quit = 3;

    /// <summary>SIGINT: for Postgres a fast stop.</summary>
    public const int Interrupt = 2;

    /// <summary>SIGCONT.</summary>
    public const int Continue = 18;

    /// <summary>SIGSTOP.</summary>
    public const int Stop = 19;

    /// <summary>Sends a signal; false when there is no such process.</summary>
    public static bool Send(int process, int signal) => SendSignal(process, signal) == 0;

    /// <summary>Processes whose parent is the given one.</summary>
    public static IReadOnlyList<int> ChildrenOf(int process)
    {
        var children = new List<int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id))
            {
                continue;
            }

            try
            {
                // The name, in parentheses, may hold anything; the state and the parent follow it.
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (int.Parse(fields[1], CultureInfo.InvariantCulture) == process)
                {
                    children.Add(id);
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return children;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
