using Gateway.Core.Backends;

namespace Gateway.Load;

/// <summary>The jobs that the batch system is said to run, as plugin and program exchange them.</summary>
internal static class Jobs
{
    public static void Append(string folder, IEnumerable<(string Name, string Cluster, JobKind Kind)> jobs) =>
        File.AppendAllLines(Path.Combine(folder, "jobs"), jobs.Select(j => $"{j.Kind} {j.Cluster} {j.Name}"));

    public static IEnumerable<(string Name, string Cluster, JobKind Kind)> Read(string folder)
    {
        string file = Path.Combine(folder, "jobs");
        return File.Exists(file)
            ? File.ReadAllLines(file).Select(line => line.Split(' ')).Select(w => (w[2], w[1], Enum.Parse<JobKind>(w[0])))
            : [];
    }
}
