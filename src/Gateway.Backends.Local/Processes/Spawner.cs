using System.Runtime.InteropServices;

namespace Gateway.Backends.Local.Processes;

/// <summary>Makes supervisor processes.</summary>
/// <remarks>
/// <c>posix_spawn</c> and not <c>System.Diagnostics.Process</c>: a session of its own, output into files, every other
/// descriptor closed, signals as at boot, and one descriptor (the lock) handed over in the same step that makes the process.
/// It does not copy the gateway's page tables, so that its cost does not grow with the gateway.
/// </remarks>
internal static unsafe class Spawner
{
    /// <summary>The descriptor under which a supervisor has the lock of its job.</summary>
    public const int LockDescriptor = 3;

    // More than any C library's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t.
    private const int OpaqueSize = 1024;

    /// <returns>0, or the error number.</returns>
    public static int Spawn(IReadOnlyList<string> command, IReadOnlyList<string> environment, string output, string error, int lockDescriptor, out int pid)
    {
        var attributes = stackalloc byte[OpaqueSize];
        var actions = stackalloc byte[OpaqueSize];
        var signals = stackalloc byte[OpaqueSize];
        using var arguments = new NativeStrings(command);
        using var variables = new NativeStrings(environment);
        pid = 0;
        _ = LibC.InitAttributes(attributes);
        _ = LibC.InitActions(actions);
        try
        {
            // The runtime ignores SIGPIPE, and what is ignored stays so across exec.
            // All bits and not sigfillset: that leaves out two, which glibc would then ignore.
            new Span<byte>(signals, OpaqueSize).Fill(0xff);
            _ = LibC.SetDefaultSignals(attributes, signals);
            new Span<byte>(signals, OpaqueSize).Clear();
            _ = LibC.SetSignalMask(attributes, signals);
            _ = LibC.SetFlags(attributes, LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK);

            // Appending, so that writers follow when the file is cut.
            const int Log = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND;
            Check(LibC.AddOpen(actions, 0, "/dev/null", 0, 0));
            Check(LibC.AddOpen(actions, 1, output, Log, 0x180));
            Check(LibC.AddOpen(actions, 2, error, Log, 0x180));
            Check(LibC.AddDuplicate(actions, lockDescriptor, LockDescriptor));
            CloseOthers(actions);
            return LibC.Spawn(out pid, command[0], actions, attributes, arguments.Pointer, variables.Pointer);
        }
        finally
        {
            _ = LibC.DestroyActions(actions);
            _ = LibC.DestroyAttributes(attributes);
        }
    }

    private static void CloseOthers(byte* actions)
    {
        try
        {
            Check(LibC.AddCloseFrom(actions, LockDescriptor + 1));
        }
        catch (EntryPointNotFoundException)
        {
            // glibc before 2.34, musl: name each that is open now. Descriptors of the runtime close themselves on exec anyway.
            foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
            {
                if (int.TryParse(Path.GetFileName(entry), out var fd) && fd > LockDescriptor)
                {
                    Check(LibC.AddClose(actions, fd));
                }
            }
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new IOException($"A process could not be prepared: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }
}
