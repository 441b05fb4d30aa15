using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Clusters;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>A hash of what a heartbeat says, the same on every replica and after a restart. Sequence and idle seconds, which change each time, do not count.</summary>
internal static class HeartbeatHash
{
    public static long Of(Heartbeat heartbeat)
    {
        var size = Size(heartbeat.SchedulerAddress) + Size(heartbeat.DashboardAddress) + Size(heartbeat.ApiAddress) + Size(heartbeat.Incarnation ?? "")
            + (4 * sizeof(int)) + Size(heartbeat.Active) + Size(heartbeat.Closing) + Size(heartbeat.Closed);
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var rest = buffer.AsSpan();
            Put(ref rest, heartbeat.SchedulerAddress);
            Put(ref rest, heartbeat.DashboardAddress);
            Put(ref rest, heartbeat.ApiAddress);
            Put(ref rest, heartbeat.Incarnation ?? "");
            Put(ref rest, heartbeat.Count);
            Put(ref rest, heartbeat.Active);
            Put(ref rest, heartbeat.Closing);
            Put(ref rest, heartbeat.Closed);

            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(buffer.AsSpan(0, buffer.Length - rest.Length), hash);
            return BinaryPrimitives.ReadInt64LittleEndian(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Size(string text) => sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length);

    private static int Size(IReadOnlyList<string> texts)
    {
        var size = sizeof(int);
        for (var i = 0; i < texts.Count; i++)
        {
            size += Size(texts[i]);
        }

        return size;
    }

    private static void Put(ref Span<byte> rest, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, number);
        rest = rest[sizeof(int)..];
    }

    // With its length in front, so that no two different lists have the same bytes.
    private static void Put(ref Span<byte> rest, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, rest[sizeof(int)..]);
        Put(ref rest, length);
        rest = rest[length..];
    }

    private static void Put(ref Span<byte> rest, IReadOnlyList<string> texts)
    {
        Put(ref rest, texts.Count);
        for (var i = 0; i < texts.Count; i++)
        {
            Put(ref rest, texts[i]);
        }
    }
}
