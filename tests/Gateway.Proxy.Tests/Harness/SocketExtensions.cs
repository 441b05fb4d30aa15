using System.Net.Sockets;

namespace Gateway.Proxy.Tests.Harness;

internal static class SocketExtensions
{
    /// <summary>What does not come within it does not come at all, and the test that waits shall say so.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            data = data[await socket.SendAsync(data, TestContext.Current.CancellationToken)..];
        }
    }

    /// <summary>Exactly so many bytes, or what came before the end.</summary>
    public static async Task<byte[]> ReadAsync(this Socket socket, int count)
    {
        var result = new byte[count];
        int have = 0;
        while (have < count && await InTimeAsync(socket.ReceiveAsync(result.AsMemory(have), TestContext.Current.CancellationToken)) is var n and > 0)
        {
            have += n;
        }

        return result[..have];
    }

    /// <summary>Everything up to the end, which must be a clean one.</summary>
    public static async Task<byte[]> ReadToEndAsync(this Socket socket)
    {
        var result = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await InTimeAsync(socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) is var n and > 0)
        {
            result.Write(buffer, 0, n);
        }

        return result.ToArray();
    }

    /// <summary>True: the peer closed or reset without having sent anything.</summary>
    public static async Task<bool> IsClosedByPeerAsync(this Socket socket)
    {
        try
        {
            return await InTimeAsync(socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken)) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    public static async Task AssertEchoAsync(this Socket socket, params byte[] data)
    {
        await socket.SendAllAsync(data);
        Assert.Equal(data, await socket.ReadAsync(data.Length));
    }

    /// <summary>Ends the connection the hard way.</summary>
    public static void Abort(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private static ValueTask<int> InTimeAsync(ValueTask<int> transfer) =>
        transfer.IsCompleted ? transfer : new(transfer.AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
}
