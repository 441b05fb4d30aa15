using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Proxy.Sni;

/// <summary>The PROXY protocol's header, version 1 (text) or 2 (binary), by which a load balancer tells whom it speaks for.</summary>
internal static class ProxyHeader
{
    internal enum Result
    {
        /// <summary>It does not begin with one.</summary>
        None,
        NeedMore,
        Malformed,
        Found,
    }

    // Room for type-length-values that some balancers add.
    private const int MaxBinary = 4096;
    private const int MaxText = 107;
    private const int BinaryPrefix = 16;

    private static ReadOnlySpan<byte> TextSignature => "PROXY "u8;

    private static ReadOnlySpan<byte> BinarySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="data">The first bytes of the connection.</param>
    /// <param name="source">The client; null where the balancer speaks for itself (LOCAL, UNKNOWN), and the socket's own address holds.</param>
    /// <param name="length">The header's length; with <see cref="Result.NeedMore"/>, how many bytes must be there before it is worth looking again.</param>
    public static Result Read(ReadOnlySpan<byte> data, out IPEndPoint? source, out int length)
    {
        source = null;
        length = 0;
        if (Begins(data, TextSignature))
        {
            return data.Length < TextSignature.Length ? NeedMore(data.Length + 1, out length) : ReadText(data, out source, out length);
        }

        if (Begins(data, BinarySignature))
        {
            return data.Length < BinaryPrefix ? NeedMore(BinaryPrefix, out length) : ReadBinary(data, out source, out length);
        }

        return Result.None;
    }

    private static bool Begins(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        int n = Math.Min(data.Length, signature.Length);
        return n > 0 && data[..n].SequenceEqual(signature[..n]);
    }

    private static Result NeedMore(int bytes, out int length)
    {
        length = bytes;
        return Result.NeedMore;
    }

    private static Result ReadText(ReadOnlySpan<byte> data, out IPEndPoint? source, out int length)
    {
        source = null;
        var line = data[..Math.Min(data.Length, MaxText)];
        int end = line.IndexOf("\r\n"u8);
        if (end < 0)
        {
            length = data.Length + 1;
            return data.Length >= MaxText ? Result.Malformed : Result.NeedMore;
        }

        length = end + 2;
        if (!Ascii.IsValid(line[..end]))
        {
            return Result.Malformed;
        }

        // PROXY TCP4 source destination source-port destination-port
        var fields = Encoding.ASCII.GetString(line[..end]).Split(' ');
        if (fields[1] == "UNKNOWN")
        {
            return Result.Found;
        }

        if (fields.Length != 6 || fields[1] is not ("TCP4" or "TCP6") || !IPAddress.TryParse(fields[2], out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork) != (fields[1] == "TCP4")
            || !Utf8Parser.TryParse(Encoding.ASCII.GetBytes(fields[4]), out ushort port, out int used) || used != fields[4].Length)
        {
            return Result.Malformed;
        }

        source = new IPEndPoint(address, port);
        return Result.Found;
    }

    private static Result ReadBinary(ReadOnlySpan<byte> data, out IPEndPoint? source, out int length)
    {
        source = null;
        int command = data[12], family = data[13] >> 4, rest = BinaryPrimitives.ReadUInt16BigEndian(data[14..]);
        length = BinaryPrefix + rest;
        if (command is not (0x20 or 0x21) || rest > MaxBinary)
        {
            return Result.Malformed;
        }

        if (data.Length < length)
        {
            return Result.NeedMore;
        }

        int size = family switch { 1 => 4, 2 => 16, _ => 0 };
        if (command == 0x20 || size == 0)
        {
            return Result.Found;
        }

        if (rest < (2 * size) + 4)
        {
            return Result.Malformed;
        }

        var addresses = data[BinaryPrefix..];
        source = new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size)..]));
        return Result.Found;
    }
}
