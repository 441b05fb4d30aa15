using System.Globalization;

namespace Gateway.Load;

/// <summary>What processes have used of the machine.</summary>
internal static class Usage
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of processor time so far.</summary>
    public static double Cpu(IEnumerable<int> processes) => processes.Sum(pid =>
    {
        string[] fields = Fields(pid);
        return fields.Length == 0 ? 0 : (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    });

    /// <summary>MiB in memory now.</summary>
    public static double Memory(int process) =>
        double.Parse(File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    private static string[] Fields(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return []; // it has ended
        }
    }
}
