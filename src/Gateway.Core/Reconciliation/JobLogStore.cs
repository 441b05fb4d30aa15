using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Core.Reconciliation;

/// <summary>Logs of ended jobs, as files below one folder, and those of running ones from their backends.</summary>
internal sealed class JobLogStore : IJobLogs
{
    private const int Piece = 64 * 1024;
    private readonly string _folder;
    private readonly BackendRegistry _backends;
    private readonly ReconcilerSettings _settings;
    private readonly TimeProvider _time;

    /// <param name="folder">Made here, for the gateway alone.</param>
    public JobLogStore(string folder, BackendRegistry backends, ReconcilerSettings settings, TimeProvider time)
    {
        (_folder, _backends, _settings, _time) = (folder, backends, settings, time);
        _ = OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(folder)
            : Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async Task<JobLog?> ReadAsync(Job job, JobOutput stream, long offset, int max, CancellationToken cancellationToken)
    {
        string path = PathOf(job, stream);
        if (File.Exists(path))
        {
            await using var file = File.OpenRead(path);
            long start = offset < 0 ? Math.Max(0, file.Length + offset) : Math.Min(offset, file.Length);
            file.Position = start;
            var bytes = new byte[Math.Min(max, file.Length - start)];
            int read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            return new JobLog(bytes.AsMemory(0, read), start + read, file.Length);
        }

        return _backends.Find(job.Backend) is { } instance && (job.Node is null || job.Node == instance.Backend.Node)
            ? await instance.Backend.ReadLogAsync(new JobHandle(job.Name, job.Handle), stream, offset, max, cancellationToken)
            : null;
    }

    /// <summary>Keeps the end of both streams of an ended job.</summary>
    public async Task CopyAsync(IJobBackend backend, Job job, CancellationToken cancellationToken)
    {
        foreach (var stream in Enum.GetValues<JobOutput>())
        {
            string path = PathOf(job, stream);
            string partial = path + ".partial";
            var handle = new JobHandle(job.Name, job.Handle);
            var piece = await backend.ReadLogAsync(handle, stream, -_settings.MaxLogSize, Piece, cancellationToken);
            if (piece is null || piece.Bytes.Length == 0)
            {
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var file = File.Create(partial))
            {
                while (piece is { Bytes.Length: > 0 } && file.Length < _settings.MaxLogSize)
                {
                    await file.WriteAsync(piece.Bytes, cancellationToken);
                    // Where the length is not known, only an empty piece tells the end.
                    piece = piece.Length is null || piece.NextOffset < piece.Length
                        ? await backend.ReadLogAsync(handle, stream, piece.NextOffset, Piece, cancellationToken)
                        : null;
                }
            }

            File.Move(partial, path, overwrite: true);
        }
    }

    /// <summary>Removes all logs of a cluster.</summary>
    public void Remove(string cluster)
    {
        string folder = Path.Combine(_folder, cluster);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Removes logs last written longer ago than this.</summary>
    public void RemoveOlder(TimeSpan age)
    {
        var oldest = _time.GetUtcNow() - age;
        foreach (var folder in new DirectoryInfo(_folder).EnumerateDirectories())
        {
            if (folder.LastWriteTimeUtc < oldest)
            {
                folder.Delete(recursive: true);
            }
        }
    }

    // Names of jobs and clusters are the gateway's own: letters, digits and dashes.
    private string PathOf(Job job, JobOutput stream) => Path.Combine(_folder, job.Cluster, $"{job.Name}.{(stream == JobOutput.Output ? "out" : "err")}");
}
