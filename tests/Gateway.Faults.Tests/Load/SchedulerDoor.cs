using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Load;

/// <summary>The way of a Dask client: TLS to any replica, which carries it to the scheduler whose name it begins with.</summary>
internal static class SchedulerDoor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>What is at the end of the way: the schedulers of these tests answer a ClientHello with their cluster's name. Empty: there is no way.</summary>
    public static async Task<string> AskAsync(Replica replica, string cluster, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        using var client = new TcpClient();
        try
        {
            var url = new Uri(replica.Url);
            await client.ConnectAsync(url.Host, url.Port, timeout.Token);
            await client.GetStream().WriteAsync(await HelloAsync($"daskgateway-{cluster}"), timeout.Token);
            byte[] answer = new byte[256];
            int length = await client.GetStream().ReadAsync(answer, timeout.Token);
            return Encoding.ASCII.GetString(answer, 0, length);
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return "";
        }
    }

    private static async Task<ReadOnlyMemory<byte>> HelloAsync(string serverName)
    {
        using var first = new FirstWords();
        using var tls = new SslStream(first);
        try
        {
            await tls.AuthenticateAsClientAsync(serverName);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Nobody answers: only what is said first is wanted.
        }

        return first.Said.ToArray();
    }

    private sealed class FirstWords : Stream
    {
        public MemoryStream Said { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Said.Write(buffer, offset, count);
    }
}
