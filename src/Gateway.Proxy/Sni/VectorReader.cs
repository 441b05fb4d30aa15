using System.Buffers.Binary;

namespace Gateway.Proxy.Sni;

/// <summary>Reads TLS's length-prefixed vectors; every step says whether there was enough.</summary>
internal ref struct VectorReader(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;

    public bool Skip(int count)
    {
        if (_rest.Length < count)
        {
            return false;
        }

        _rest = _rest[count..];
        return true;
    }

    public bool UInt8(out int value)
    {
        value = _rest.Length >= 1 ? _rest[0] : 0;
        return Skip(1);
    }

    public bool UInt16(out int value)
    {
        value = _rest.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(_rest) : 0;
        return Skip(2);
    }

    public bool SkipVector8() => UInt8(out int length) && Skip(length);

    public bool SkipVector16() => UInt16(out int length) && Skip(length);

    public bool Vector16(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!UInt16(out int length) || _rest.Length < length)
        {
            return false;
        }

        value = _rest[..length];
        return Skip(length);
    }
}
