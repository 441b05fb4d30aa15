using System.Runtime.InteropServices;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>Whether this kernel, under this process's restrictions, can do what the loops need.</summary>
internal static unsafe class KernelProbe
{
    /// <returns>Null when it can; else what it refused.</returns>
    public static string? WhatIsMissing()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return "Linux on x86-64 or arm64";
        }

        Span<int> opened = [-1, -1, -1, -1, -1, -1];
        try
        {
            opened[0] = epoll_create1(CLOEXEC);
            opened[1] = eventfd(0, NONBLOCK | CLOEXEC);
            if (opened[0] < 0 || opened[1] < 0)
            {
                return "epoll_create1 or eventfd";
            }

            int* ends = stackalloc int[2];
            for (int i = 2; i < 6; i += 2)
            {
                if (pipe2(ends, NONBLOCK | CLOEXEC) != 0)
                {
                    return "pipe2";
                }

                (opened[i], opened[i + 1]) = (ends[0], ends[1]);
            }

            byte one = 1;
            return write(opened[3], &one, 1) == 1 && splice(opened[2], null, opened[5], null, 1, SPLICE_MOVE | SPLICE_NONBLOCK) == 1 ? null : "splice";
        }
        finally
        {
            foreach (int fd in opened)
            {
                if (fd >= 0)
                {
                    close(fd);
                }
            }
        }
    }
}
