using System.Buffers.Binary;
using System.Text;

namespace Gateway.Proxy.Tests.Harness;

/// <summary>Makes ClientHellos as a TLS library would send them.</summary>
internal static class Hello
{
    public const string Prefix = "daskgateway-";

    /// <param name="serverName">The SNI; null: no such extension.</param>
    /// <param name="size">At least so many bytes of handshake message, by a padding extension (a post-quantum key share is as long).</param>
    /// <param name="fragment">Bytes of the message in each TLS record.</param>
    public static byte[] For(string? serverName, int size = 0, int fragment = 16 * 1024) => Records(Message(serverName, size), fragment);

    public static byte[] Cluster(string name, int size = 0, int fragment = 16 * 1024) => For(Prefix + name, size, fragment);

    /// <param name="serverName">As in <see cref="For"/>.</param>
    /// <param name="size">As in <see cref="For"/>.</param>
    /// <param name="more">Further extensions, after the server name.</param>
    public static byte[] Message(string? serverName, int size = 0, ReadOnlySpan<byte> more = default)
    {
        var extensions = new MemoryStream();
        Extension(extensions, 0x0a0a, []); // GREASE (RFC 8701)
        if (serverName is not null)
        {
            extensions.Write(ServerName(serverName));
        }

        extensions.Write(more);

        Extension(extensions, 43, [4, 0x3a, 0x3a, 3, 4]);
        const int before = 4 + 34 + 1 + 32 + 2 + 4 + 2 + 2;
        Extension(extensions, 21, new byte[Math.Max(0, size - before - (int)extensions.Length - 4)]);

        var body = new MemoryStream();
        body.Write([3, 3]);
        body.Write(new byte[32]);
        body.WriteByte(32);
        body.Write(new byte[32]);
        UInt16(body, 4);
        body.Write([0x1a, 0x1a, 0x13, 0x01]);
        body.Write([1, 0]);
        UInt16(body, (int)extensions.Length);
        body.Write(extensions.ToArray());

        var message = new byte[4 + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(message, (1u << 24) | (uint)body.Length);
        body.ToArray().CopyTo(message, 4);
        return message;
    }

    /// <summary>A server_name extension.</summary>
    public static byte[] ServerName(string serverName)
    {
        var host = Encoding.ASCII.GetBytes(serverName);
        var list = new MemoryStream();
        UInt16(list, host.Length + 3);
        list.WriteByte(0);
        UInt16(list, host.Length);
        list.Write(host);
        var extension = new MemoryStream();
        Extension(extension, 0, list.ToArray());
        return extension.ToArray();
    }

    public static byte[] Records(ReadOnlySpan<byte> message, int fragment)
    {
        var result = new MemoryStream();
        while (!message.IsEmpty)
        {
            var part = message[..Math.Min(fragment, message.Length)];
            result.Write([22, 3, 1]);
            UInt16(result, part.Length);
            result.Write(part);
            message = message[part.Length..];
        }

        return result.ToArray();
    }

    private static void Extension(MemoryStream to, int type, ReadOnlySpan<byte> data)
    {
        UInt16(to, type);
        UInt16(to, data.Length);
        to.Write(data);
    }

    private static void UInt16(MemoryStream to, int value) => to.Write([(byte)(value >> 8), (byte)value]);
}
