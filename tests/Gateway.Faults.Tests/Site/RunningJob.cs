using System.Globalization;

namespace Gateway.Faults.Tests.Site;

/// <summary>A job's process, as the machine knows it.</summary>
internal sealed record RunningJob(string Name, string Cluster, string Kind, string Handle, int Pid)
{
    /// <summary>Processes that work in a folder of this queue, whatever the queue's own files say.</summary>
    public static IReadOnlyList<RunningJob> All(string queue)
    {
        var jobs = new List<RunningJob>();
        foreach (string process in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && Folder(process) is { } folder && folder.StartsWith(queue + "/", StringComparison.Ordinal)
                && Path.GetFileName(folder.Replace(" (deleted)", "", StringComparison.Ordinal)) is var handle && handle.Split('@') is [var name, var cluster, var kind, _])
            {
                jobs.Add(new(name, cluster, kind, handle, pid));
            }
        }

        return jobs;
    }

    private static string? Folder(string process)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "cwd")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has just ended
        }
    }
}
