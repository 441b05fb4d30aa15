using System.Globalization;
using Gateway.Core.Backends;

namespace Gateway.Faults.Backend;

/// <summary>A job in the queue. Its handle, which is its folder's name, tells everything: <c>name@cluster@kind@number</c>.</summary>
internal sealed record QueuedJob(string Name, string Cluster, JobKind Kind, string Folder)
{
    public string Handle => Path.GetFileName(Folder);

    /// <summary>The job's process; null until it was started.</summary>
    public int? Pid
    {
        get
        {
            string file = Path.Combine(Folder, "pid");
            try
            {
                return int.TryParse(File.ReadAllText(file), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int pid) ? pid : null;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    public static QueuedJob? Parse(string folder) =>
        Path.GetFileName(folder).Split('@') is [var name, var cluster, var kind, _] ? new(name, cluster, Enum.Parse<JobKind>(kind), folder) : null;

    /// <summary>Whether that process still runs: it works in the job's folder, which no other process does.</summary>
    public bool Runs(int pid) => new FileInfo($"/proc/{pid}/cwd").LinkTarget?.EndsWith($"/{Handle}", StringComparison.Ordinal) == true;

    public JobReport Report()
    {
        var (state, code) = Pid is not { } pid ? (JobState.Pending, (int?)null) : Runs(pid) ? (JobState.Running, null) : (JobState.Ended, 0);
        return new()
        {
            Name = Name,
            Cluster = Cluster,
            Kind = Kind,
            Handle = Handle,
            State = state,
            Host = state == JobState.Pending ? null : "localhost",
            ExitCode = code,
        };
    }
}
