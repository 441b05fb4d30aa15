using System.Runtime.InteropServices;

namespace Gateway.Server.Memory;

/// <summary>
/// Lets go, once the start is over, of the pages of program files that only the start needed: a fifth of the memory that a gateway at rest is seen to
/// hold. They stay in the system's cache, which may drop them when memory is short; one that is used again comes back from there within microseconds.
/// </summary>
internal sealed partial class StartPages(TimeProvider time, ILogger<StartPages> logger) : BackgroundService
{
    private const string Map = "/proc/self/smaps";

    // By then the runtime has compiled again what the start used most.
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested || !OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            LetGo();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A sandbox may hide the map. Nothing depends on it.
            LogUnknown(logger, e.Message);
        }
    }

    private static void LetGo()
    {
        using var map = new FileStream(Map, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (var (address, length) in MemoryMap.UnchangedFiles(map))
        {
            // An advice: where the kernel does not take it (a page that is locked), all stays as it is.
            _ = LibC.madvise(address, length, LibC.MADV_DONTNEED);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The pages that only the start needed stay in memory: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);

    private static partial class LibC
    {
        public const int MADV_DONTNEED = 4;

        [LibraryImport("libc")]
        public static partial int madvise(nint address, nuint length, int advice);
    }
}
