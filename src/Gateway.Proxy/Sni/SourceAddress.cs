using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Proxy.Sni;

/// <summary>A client's address as 128 bits: IPv4 in its IPv6-mapped form, so that a client counts once whatever the listener's family.</summary>
internal static class SourceAddress
{
    private const int Family4 = (int)AddressFamily.InterNetwork; // 2 on every system

    /// <param name="native">A <c>struct sockaddr_in</c> or <c>sockaddr_in6</c>.</param>
    public static UInt128 Key(ReadOnlySpan<byte> native) =>
        BitConverter.ToUInt16(native) == Family4 ? Mapped(native.Slice(4, 4)) : BinaryPrimitives.ReadUInt128BigEndian(native.Slice(8, 16));

    public static UInt128 Key(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return length == 4 ? Mapped(bytes[..4]) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static IPAddress Address(UInt128 key)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static UInt128 Mapped(ReadOnlySpan<byte> v4) => ((UInt128)0xffff << 32) | BinaryPrimitives.ReadUInt32BigEndian(v4);
}
