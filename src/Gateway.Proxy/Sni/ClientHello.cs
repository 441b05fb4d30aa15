using System.Buffers.Binary;

namespace Gateway.Proxy.Sni;

/// <summary>Finds the server name in the first bytes of a TLS connection (RFC 8446, RFC 6066), without copying and without consuming.</summary>
internal static class ClientHello
{
    /// <summary>How much is looked at. A larger hello is not for a scheduler: the web server may refuse it.</summary>
    public const int MaxBytes = 32 * 1024;

    private const int RecordHeader = 5;
    private const int MaxRecord = 16 * 1024;
    private const int MessageHeader = 4;
    private const int VersionAndRandom = 34;
    private const byte Handshake = 22, ClientHelloType = 1, HostName = 0;

    /// <param name="data">A private copy of the first bytes; the fragments of a hello split over several records are joined in it.</param>
    /// <param name="name">The host name as it was sent, part of <paramref name="data"/>; only with <see cref="HelloResult.Named"/>.</param>
    /// <param name="needed">With <see cref="HelloResult.NeedMore"/>: how many bytes must be there before it is worth looking again.</param>
    public static HelloResult Read(Span<byte> data, out ReadOnlySpan<byte> name, out int needed)
    {
        name = default;
        var result = JoinRecords(data, out int length, out needed);
        return result != HelloResult.Named ? result : FindName(data[MessageHeader..length], out name) ? HelloResult.Named : HelloResult.NoName;
    }

    // "Named" here only says that the whole hello is there, at the beginning of data.
    private static HelloResult JoinRecords(Span<byte> data, out int length, out int needed)
    {
        int joined = 0, at = 0;
        length = int.MaxValue; // until the message's own header is there
        needed = 0;
        while (joined < length)
        {
            var record = data[at..];
            if ((record.Length > 0 && record[0] != Handshake) || (record.Length > 1 && record[1] != 3))
            {
                return at == 0 ? HelloResult.NotTls : HelloResult.NoName;
            }

            if (record.Length < RecordHeader)
            {
                needed = at + RecordHeader;
                return needed > MaxBytes ? HelloResult.NoName : HelloResult.NeedMore;
            }

            int size = BinaryPrimitives.ReadUInt16BigEndian(record[3..]);
            if (size is 0 or > MaxRecord || at + RecordHeader + size > MaxBytes)
            {
                return HelloResult.NoName;
            }

            if (record.Length < RecordHeader + size)
            {
                needed = at + RecordHeader + size;
                return HelloResult.NeedMore;
            }

            // In place is safe: what is overwritten has been read, and every look starts from a new copy.
            record.Slice(RecordHeader, size).CopyTo(data[joined..]);
            joined += size;
            at += RecordHeader + size;
            if (joined >= MessageHeader)
            {
                length = MessageHeader + (int)(BinaryPrimitives.ReadUInt32BigEndian(data) & 0xffffff);
                if (data[0] != ClientHelloType || length > MaxBytes)
                {
                    return HelloResult.NoName;
                }
            }
        }

        return HelloResult.Named;
    }

    private static bool FindName(ReadOnlySpan<byte> hello, out ReadOnlySpan<byte> name)
    {
        name = default;
        var r = new VectorReader(hello);

        // Session id, cipher suites, compression methods.
        if (!r.Skip(VersionAndRandom) || !r.SkipVector8() || !r.SkipVector16() || !r.SkipVector8() || !r.Vector16(out var extensions))
        {
            return false;
        }

        var e = new VectorReader(extensions);
        while (e.UInt16(out int type) && e.Vector16(out var extension))
        {
            if (type != 0)
            {
                continue;
            }

            var list = new VectorReader(extension);
            if (!list.Vector16(out var names))
            {
                return false;
            }

            var n = new VectorReader(names);
            while (n.UInt8(out int kind) && n.Vector16(out var host))
            {
                if (kind == HostName)
                {
                    name = host;
                    return !host.IsEmpty;
                }
            }

            return false;
        }

        return false;
    }
}
