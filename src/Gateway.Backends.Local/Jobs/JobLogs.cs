using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local.Jobs;

/// <summary>Reads the jobs' output and keeps it from filling the disk.</summary>
/// <remarks>
/// A file that is too long gives its middle back to the file system (a hole), so that its first part, where errors of the
/// start are, and its last are kept, and every byte stays at its offset for readers. Where the file system makes no
/// holes, the file is emptied.
/// </remarks>
/// <param name="maxSize">Most bytes kept of one stream.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class JobLogs(long maxSize, ILogger logger)
{
    private const int Block = 4096;

    // Of the bytes kept, an eighth is from the beginning, and half from the end right after cutting.
    private readonly long _head = Math.Max(Block, maxSize / 8 / Block * Block);
    private readonly long _tail = maxSize / 2;

    public static JobLog? Read(LocalJob job, JobOutput stream, long offset, int max)
    {
        try
        {
            using var file = File.OpenHandle(PathOf(job, stream), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            var start = offset < 0 ? Math.Max(0, length + offset) : offset;
            if (start >= length)
            {
                return new JobLog(ReadOnlyMemory<byte>.Empty, start, length);
            }

            var data = LibC.Seek(file, start, LibC.SEEK_DATA);
            start = data > start ? data : start;
            var end = LibC.Seek(file, start, LibC.SEEK_HOLE);
            var count = (int)Math.Min(max, (end > start ? end : length) - start);
            var bytes = new byte[Math.Max(0, count)];
            var read = RandomAccess.Read(file, bytes, start);
            return new JobLog(bytes.AsMemory(0, read), start + read, length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Cuts a job's two files where they have grown too long.</summary>
    public void Bound(LocalJob job)
    {
        foreach (var stream in new[] { JobOutput.Output, JobOutput.Error })
        {
            try
            {
                Bound(job, stream);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Cleaned meanwhile.
                continue;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotBounded(job.Record.Name, stream, e);
            }
        }
    }

    private void Bound(LocalJob job, JobOutput stream)
    {
        var path = PathOf(job, stream);
        var length = new FileInfo(path).Length;
        ref var trimmed = ref job.Trimmed[(int)stream];
        var from = Math.Max(_head, trimmed);
        if (length - from + _head <= maxSize)
        {
            return;
        }

        var to = (length - _tail) / Block * Block;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (LibC.Fallocate(file, LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE, _head, to - _head) == 0)
        {
            trimmed = to;
            return;
        }

        // The job appends, and so goes on at the new end.
        RandomAccess.SetLength(file, 0);
        trimmed = 0;
    }

    private static string PathOf(LocalJob job, JobOutput stream) => stream == JobOutput.Output ? job.Directory.Output : job.Directory.Error;

    [LoggerMessage(LogLevel.Warning, "The {Stream} of job {JobName} could not be kept within its bound")]
    private partial void LogNotBounded(string jobName, JobOutput stream, Exception exception);
}
