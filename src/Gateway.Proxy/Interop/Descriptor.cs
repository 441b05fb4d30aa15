using Microsoft.Win32.SafeHandles;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Interop;

/// <summary>Owns a descriptor that lives as long as a loop: its epoll set, its wake-up.</summary>
/// <remarks>Sockets and pipes of single connections are plain numbers owned by their link: a handle object for each would double the memory of an idle connection.</remarks>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    private Descriptor(int fd)
        : base(ownsHandle: true)
    {
        if (fd < 0)
        {
            throw LastError();
        }

        SetHandle(fd);
    }

    /// <summary>The number, valid until the owner disposes of it.</summary>
    public int Number => (int)handle;

    public static Descriptor Epoll() => new(epoll_create1(CLOEXEC));

    public static Descriptor Event() => new(eventfd(0, NONBLOCK | CLOEXEC));

    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
