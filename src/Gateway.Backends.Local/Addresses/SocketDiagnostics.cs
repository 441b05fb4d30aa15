using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Addresses;

/// <summary>Asks the kernel for listening sockets alone (sock_diag(7)).</summary>
/// <remarks>The tables in <c>/proc/net</c> go through all that the machine could have connected, a millisecond or two for each reading; this takes 30 µs.</remarks>
internal static unsafe class SocketDiagnostics
{
    private const int AF_INET = 2;
    private const int AF_INET6 = 10;
    private const int AF_NETLINK = 16;
    private const int SOCK_RAW = 3;
    private const int SOCK_NONBLOCK = 0x800;
    private const int NETLINK_SOCK_DIAG = 4;

    private const ushort SOCK_DIAG_BY_FAMILY = 20;
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLMSG_DONE = 3;
    private const ushort NLM_F_REQUEST_DUMP = 0x301;
    private const byte IPPROTO_TCP = 6;
    private const uint Listen = 1 << 10; // TCP_LISTEN

    // struct nlmsghdr, struct inet_diag_req_v2 and struct inet_diag_msg, in the machine's order but for ports and addresses.
    private const int HeaderSize = 16;
    private const int RequestSize = HeaderSize + 56;
    private const int RequestPort = HeaderSize + 8;
    private const int AnswerSize = HeaderSize + 72;
    private const int AnswerPort = HeaderSize + 4;
    private const int AnswerAddress = HeaderSize + 8;
    private const int AnswerInode = HeaderSize + 68;

    // As much as the kernel puts into one piece.
    private const int BufferSize = 32 * 1024;

    /// <summary>Those that listen on a port; null where this kernel, or what confines this process, does not tell.</summary>
    public static List<ListeningSocket>? OnPort(int port)
    {
        var fd = LibC.Socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | LibC.O_CLOEXEC, NETLINK_SOCK_DIAG);
        if (fd < 0)
        {
            return null;
        }

        try
        {
            var found = new List<ListeningSocket>();
            return Ask(fd, AF_INET, port, found) && Ask(fd, AF_INET6, port, found) ? found : null;
        }
        finally
        {
            _ = LibC.Close(fd);
        }
    }

    private static bool Ask(int fd, byte family, int port, List<ListeningSocket> found)
    {
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        MemoryMarshal.Write(request, RequestSize);
        MemoryMarshal.Write(request[4..], SOCK_DIAG_BY_FAMILY);
        MemoryMarshal.Write(request[6..], NLM_F_REQUEST_DUMP);
        request[HeaderSize] = family;
        request[HeaderSize + 1] = IPPROTO_TCP;
        MemoryMarshal.Write(request[(HeaderSize + 4)..], Listen);
        BinaryPrimitives.WriteUInt16BigEndian(request[RequestPort..], (ushort)port);
        fixed (byte* pointer = request)
        {
            if (LibC.Write(fd, pointer, RequestSize) != RequestSize)
            {
                return false;
            }
        }

        var buffer = stackalloc byte[BufferSize];
        while (true)
        {
            // The kernel has put its answer there when the question returns: nothing is waited for.
            var length = LibC.Read(fd, buffer, BufferSize);
            if (length <= 0)
            {
                return false;
            }

            if (Take(new ReadOnlySpan<byte>(buffer, (int)length), port, found) is { } isAll)
            {
                return isAll;
            }
        }
    }

    /// <summary>Reads the messages of one piece.</summary>
    /// <returns>True: it was the last; false: it is no answer; null: more follows.</returns>
    internal static bool? Take(ReadOnlySpan<byte> piece, int port, List<ListeningSocket> found)
    {
        while (piece.Length >= HeaderSize)
        {
            var length = MemoryMarshal.Read<int>(piece);
            if (length < HeaderSize || length > piece.Length)
            {
                return false;
            }

            switch (MemoryMarshal.Read<ushort>(piece[4..]))
            {
                case NLMSG_DONE:
                    return true;
                case NLMSG_ERROR:
                    return false;
                case SOCK_DIAG_BY_FAMILY when length >= AnswerSize && BinaryPrimitives.ReadUInt16BigEndian(piece[AnswerPort..]) == port:
                    var address = piece.Slice(AnswerAddress, piece[HeaderSize] == AF_INET ? 4 : 16);
                    found.Add(new ListeningSocket(new IPAddress(address), port, MemoryMarshal.Read<uint>(piece[AnswerInode..]).ToString(CultureInfo.InvariantCulture)));
                    break;
                default:
                    break;
            }

            piece = piece[Math.Min(piece.Length, (length + 3) & ~3)..];
        }

        return null;
    }
}
