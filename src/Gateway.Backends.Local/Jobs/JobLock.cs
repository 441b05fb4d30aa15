using System.Runtime.InteropServices;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Jobs;

/// <summary>The lock of one job. Whoever has it, or a copy of its descriptor, alone may start the job.</summary>
/// <remarks>
/// It is a lock of the open file (flock): the supervisor that inherits the descriptor holds it from its first instant on,
/// and the kernel lets go of it with the last of them. Nobody has to clean up after a crash.
/// </remarks>
internal sealed class JobLock : IDisposable
{
    // Above the numbers that a new process's files are opened under.
    private const int LowestDescriptor = 10;

    private JobLock(int descriptor) => Descriptor = descriptor;

    public int Descriptor { get; }

    /// <summary>Takes it; null when somebody has it.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static JobLock? TryTake(string path)
    {
        var opened = LibC.Open(path, LibC.O_RDWR | LibC.O_CLOEXEC | LibC.O_CREAT, 0x180);
        var descriptor = opened < 0 ? -1 : LibC.Fcntl(opened, LibC.F_DUPFD_CLOEXEC, LowestDescriptor);
        var error = Marshal.GetLastPInvokeError();
        if (opened >= 0)
        {
            _ = LibC.Close(opened);
        }

        if (descriptor < 0)
        {
            throw new IOException($"A job's lock cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        if (LibC.Flock(descriptor, LibC.LOCK_EX | LibC.LOCK_NB) == 0)
        {
            return new JobLock(descriptor);
        }

        _ = LibC.Close(descriptor);
        return null;
    }

    /// <summary>Whether somebody has it: the starter or the supervisor.</summary>
    public static bool IsHeld(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var mine = TryTake(path);
        return mine is null;
    }

    public void Dispose() => _ = LibC.Close(Descriptor);
}
