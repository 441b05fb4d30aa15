using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Gateway.Backends.Local.Processes;

/// <summary>Tells within about a millisecond that a process has ended, its parent or not: one thread, one epoll set of pidfds.</summary>
/// <remarks>Where the kernel has no pidfds (before 5.3) or no descriptor is left, <see cref="Watch"/> says so and the caller looks from time to time.</remarks>
internal sealed unsafe class ExitWatcher : IDisposable
{
    private const int Batch = 64;
    private readonly int _epoll;
    private readonly int _wake;
    private readonly Thread _thread;
    private readonly ConcurrentDictionary<long, Watched> _watched = new();
    private readonly int _eventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private readonly int _dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private long _lastKey;
    private volatile bool _stopping;

    public ExitWatcher(string name)
    {
        _epoll = LibC.EpollCreate(LibC.EPOLL_CLOEXEC);
        _wake = LibC.EventFd(0, LibC.EFD_CLOEXEC);
        if (_epoll < 0 || _wake < 0 || !Add(_wake, 0))
        {
            throw new IOException("No descriptors are left to watch processes with: raise the limit on open files (ulimit -n, LimitNOFILE=).");
        }

        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Calls back, once, when the process has ended.</summary>
    /// <returns>False when it cannot be watched, or is over already: nothing will be called.</returns>
    public bool Watch(ProcessIdentity process, string boot, Action ended)
    {
        var fd = LibC.PidFdOpen(process.Pid);
        if (fd < 0)
        {
            return false;
        }

        // Checked after opening: from here on the descriptor can only mean this process.
        var key = Interlocked.Increment(ref _lastKey);
        _watched[key] = new Watched(fd, ended);
        if (process.IsAlive(boot) && Add(fd, key))
        {
            return true;
        }

        _watched.TryRemove(key, out _);
        _ = LibC.Close(fd);
        return false;
    }

    public void Dispose()
    {
        _stopping = true;
        ulong one = 1;
        _ = LibC.Write(_wake, &one, sizeof(ulong));
        _thread.Join();
        foreach (var watched in _watched.Values)
        {
            _ = LibC.Close(watched.Descriptor);
        }

        _ = LibC.Close(_wake);
        _ = LibC.Close(_epoll);
    }

    private bool Add(int fd, long key)
    {
        // struct epoll_event is packed on x86-64 alone.
        Span<byte> registration = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(registration, LibC.EPOLLIN);
        BinaryPrimitives.WriteInt64LittleEndian(registration[_dataOffset..], key);
        fixed (byte* pointer = registration)
        {
            return LibC.EpollControl(_epoll, LibC.EPOLL_CTL_ADD, fd, pointer) == 0;
        }
    }

    private void Run()
    {
        var events = new byte[Batch * _eventSize];
        while (!_stopping)
        {
            int count;
            fixed (byte* pointer = events)
            {
                count = LibC.EpollWait(_epoll, pointer, Batch, -1);
            }

            for (var i = 0; i < count; i++)
            {
                var key = BinaryPrimitives.ReadInt64LittleEndian(events.AsSpan((i * _eventSize) + _dataOffset));
                if (_watched.TryRemove(key, out var watched))
                {
                    // A process that is being made shares our descriptors for a moment: closing alone might not take it out of the set.
                    _ = LibC.EpollControl(_epoll, LibC.EPOLL_CTL_DEL, watched.Descriptor, null);
                    _ = LibC.Close(watched.Descriptor);
                    watched.Ended();
                }
            }
        }
    }

    private readonly record struct Watched(int Descriptor, Action Ended);
}
