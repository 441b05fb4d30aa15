using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>Reads pieces of output files.</summary>
internal static class OutputReader
{
    /// <param name="path">The file.</param>
    /// <param name="offset">From the start; negative: from the end.</param>
    /// <param name="max">Most bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The piece; null where there is no file.</returns>
    public static async Task<JobLog?> ReadAsync(string path, long offset, int max, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions { Mode = System.IO.FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous });
            var length = file.Length;
            var start = Math.Clamp(offset >= 0 ? offset : length + offset, 0, length);
            file.Position = start;
            var buffer = new byte[Math.Min(max, length - start)];
            var read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return new JobLog(buffer.AsMemory(0, read), start + read, length);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
