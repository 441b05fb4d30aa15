using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>Keeps output that HTCondor streams from filling the disk: a job may print without end.</summary>
/// <remarks>Whoever writes the file goes on where it was, so the file keeps its length, and its beginning becomes a hole that takes no space.</remarks>
internal static partial class OutputBound
{
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    /// <summary>Leaves of a file no more than its end on the disk.</summary>
    /// <exception cref="IOException">The file system cannot do it.</exception>
    public static void Keep(string path, long max)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= max)
        {
            return;
        }

        using var handle = File.OpenHandle(path, System.IO.FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (Allocate(handle, KeepSize | PunchHole, 0, file.Length - max) != 0)
        {
            throw new IOException($"{path} cannot be cut: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
