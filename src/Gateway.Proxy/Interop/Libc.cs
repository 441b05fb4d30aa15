using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gateway.Proxy.Interop;

/// <summary>The few system calls the relay needs, as the C library has them. Linux only.</summary>
internal static unsafe partial class Libc
{
    public const int EINTR = 4, EBADF = 9, EAGAIN = 11, ENOMEM = 12, ENFILE = 23, EMFILE = 24, EINVAL = 22, ENOBUFS = 105, EINPROGRESS = 115;
    public const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16, EPOLLRDHUP = 0x2000, EPOLLEXCLUSIVE = 1u << 28, EPOLLET = 1u << 31;
    public const int CTL_ADD = 1, CTL_DEL = 2, CTL_MOD = 3;
    public const int AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, NONBLOCK = 0x800, CLOEXEC = 0x80000;
    public const int MSG_PEEK = 2, MSG_NOSIGNAL = 0x4000;
    public const uint SPLICE_MOVE = 1, SPLICE_NONBLOCK = 2;
    public const int F_SETPIPE_SZ = 1031;
    public const int SOL_SOCKET = 1, SO_ERROR = 4, SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_LINGER = 13, SO_RCVLOWAT = 18, SO_BUF_LOCK = 72;
    public const int IPPROTO_TCP = 6, TCP_NODELAY = 1, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, TCP_USER_TIMEOUT = 18, TCP_NOTSENT_LOWAT = 25;
    public const int SHUT_WR = 1;
    public const int RLIMIT_NOFILE = 7;

    private const string C = "libc";

    // struct epoll_event is packed on x86-64 only.
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    public static readonly int EventData = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    public static int Errno => Marshal.GetLastPInvokeError();

    [LibraryImport(C, SetLastError = true)] public static partial int epoll_create1(int flags);
    [LibraryImport(C, SetLastError = true)] public static partial int epoll_ctl(int ep, int op, int fd, byte* ev);
    [LibraryImport(C, SetLastError = true)] public static partial int epoll_wait(int ep, byte* evs, int max, int timeout);
    [LibraryImport(C, SetLastError = true)] public static partial int eventfd(uint init, int flags);
    [LibraryImport(C, SetLastError = true)] public static partial int accept4(int fd, byte* addr, int* len, int flags);
    [LibraryImport(C, SetLastError = true)] public static partial int socket(int family, int type, int protocol);
    [LibraryImport(C, SetLastError = true)] public static partial int connect(int fd, byte* addr, int len);
    [LibraryImport(C, SetLastError = true)] public static partial int setsockopt(int fd, int level, int name, void* value, int len);
    [LibraryImport(C, SetLastError = true)] public static partial int getsockopt(int fd, int level, int name, void* value, int* len);
    [LibraryImport(C, SetLastError = true)] public static partial nint recv(int fd, byte* buf, nint len, int flags);
    [LibraryImport(C, SetLastError = true)] public static partial nint send(int fd, byte* buf, nint len, int flags);
    [LibraryImport(C, SetLastError = true)] public static partial nint read(int fd, byte* buf, nint len);
    [LibraryImport(C, SetLastError = true)] public static partial nint write(int fd, byte* buf, nint len);
    [LibraryImport(C, SetLastError = true)] public static partial nint splice(int from, void* o1, int to, void* o2, nint len, uint flags);
    [LibraryImport(C, SetLastError = true)] public static partial int pipe2(int* fds, int flags);
    [LibraryImport(C, SetLastError = true)] public static partial int fcntl(int fd, int cmd, nint arg);
    [LibraryImport(C, SetLastError = true)] public static partial int shutdown(int fd, int how);
    [LibraryImport(C, SetLastError = true)] public static partial int close(int fd);
    [LibraryImport(C, SetLastError = true)] public static partial int getrlimit(int resource, ulong* limits);

    /// <summary>Adds or modifies. False: the kernel refused, <see cref="Errno"/> says why.</summary>
    public static bool Watch(int ep, int op, int fd, uint events, ulong data)
    {
        byte* ev = stackalloc byte[16];
        *(uint*)ev = events;
        *(ulong*)(ev + EventData) = data;
        return epoll_ctl(ep, op, fd, ev) == 0;
    }

    public static void SetInt(int fd, int level, int name, int value) => setsockopt(fd, level, name, &value, sizeof(int));

    /// <summary>The pending error of a socket, 0 when there is none.</summary>
    public static int SocketError(int fd)
    {
        int error = 0, length = sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : Errno;
    }

    /// <summary>Makes the coming close a reset.</summary>
    public static void ResetOnClose(int fd)
    {
        ulong onZeroSeconds = 1; // struct linger { 1, 0 }
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &onZeroSeconds, sizeof(ulong));
    }

    /// <summary>How many descriptors this process may hold, or null where that is not known.</summary>
    public static long? DescriptorLimit()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        ulong* limits = stackalloc ulong[2];
        return getrlimit(RLIMIT_NOFILE, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue) : null;
    }

    public static SocketException LastError() => new(Errno);

}
