using System.Security.Cryptography;
using System.Text;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>The files of clusters' jobs, and their output: one folder per cluster.</summary>
/// <remarks>A file lies below a folder called by its content: the workers of a cluster share theirs, and a renewed one never changes under a submission.</remarks>
internal sealed class ClusterFiles(PrivateFiles files)
{
    private const string Clusters = "clusters";

    /// <summary>The folder of a cluster's output.</summary>
    public string Folder(string cluster) => files.Folder($"{Clusters}/{cluster}");

    /// <summary>Lays a file out for jobs of a cluster.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="SubmitTextException">Its name cannot be written into a submit description.</exception>
    public string Put(string cluster, JobFile file)
    {
        SubmitText.Name(file.Name.TrimStart('.', '_'), "the file");
        if (file.Name.Contains("..", StringComparison.Ordinal))
        {
            throw new SubmitTextException($"the file '{SubmitText.Show(file.Name)}' has a name that is not allowed");
        }

        var folder = $"{Clusters}/{cluster}/files/{Key(file)}";
        var path = Path.Combine(files.Root, folder, file.Name);
        return File.Exists(path) ? path : files.Write(folder, file.Name, file.Content.Span);
    }

    /// <summary>A job's output file, whether or not it is there.</summary>
    public string Output(string cluster, string job, JobOutput stream) => Path.Combine(files.Root, Clusters, cluster, OutputFiles.Name(job, stream));

    /// <summary>The cluster that a job's output is kept for; null: there is none.</summary>
    public string? ClusterOf(string job)
    {
        var root = Path.Combine(files.Root, Clusters);
        return Directory.Exists(root)
            ? Directory.EnumerateDirectories(root).Select(folder => Path.GetFileName(folder)).FirstOrDefault(cluster => Enum.GetValues<JobOutput>().Any(stream => File.Exists(Output(cluster, job, stream))))
            : null;
    }

    /// <summary>Leaves of a job's output no more than the ends on the disk.</summary>
    /// <exception cref="IOException">The file system cannot do it.</exception>
    public void BoundOutput(string cluster, string job, long max)
    {
        foreach (var stream in Enum.GetValues<JobOutput>())
        {
            OutputBound.Keep(Output(cluster, job, stream), max);
        }
    }

    /// <summary>Removes jobs' output.</summary>
    public void RemoveOutput(string cluster, string job)
    {
        foreach (var stream in Enum.GetValues<JobOutput>())
        {
            Delete(Output(cluster, job, stream));
        }
    }

    /// <summary>Removes what is left of clusters that have no job any more and were not touched since <paramref name="before"/>.</summary>
    /// <returns>How many were removed.</returns>
    public int Sweep(IReadOnlySet<string> live, DateTimeOffset before)
    {
        var root = Path.Combine(files.Root, Clusters);
        if (!Directory.Exists(root))
        {
            return 0;
        }

        var removed = 0;
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (live.Contains(Path.GetFileName(folder)) || Directory.GetLastWriteTimeUtc(folder) > before.UtcDateTime)
            {
                continue;
            }

            Directory.Delete(folder, recursive: true);
            removed++;
        }

        return removed;
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // The whole cluster was swept meanwhile, which is what was wanted.
            return;
        }
    }

    private static string Key(JobFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(file.Name));
        hash.AppendData([0]);
        hash.AppendData(file.Content.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
    }
}
