using System.Net;
using System.Net.Sockets;
using Gateway.Core.Dask;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Dask;

public sealed class SchedulerClientTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SchedulerClient _client = new(TimeProvider.System, TimeSpan.FromMilliseconds(200), NullLogger<SchedulerClient>.Instance);

    public SchedulerClientTests() => _listener.Start();

    private string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    [Fact]
    public async Task Scale_SchedulerThatNeverAnswers_IsGivenUpAfterThreeTries()
    {
        var problem = _client.ScaleAsync("c", Address, "t", 1, TestContext.Current.CancellationToken);
        // Held to the end: a collected one would close its connection, which is an answer of a kind.
        using var first = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var second = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var third = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        Assert.Equal("no answer within 0.2 s", await problem);
    }

    [Fact]
    public async Task Scale_SchedulerThatFloodsTheAnswer_TakesItsStatusAlone()
    {
        var serving = ServeAsync(async stream =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            var chunk = "10000\r\n"u8.ToArray().Concat(new byte[0x10000]).Concat("\r\n"u8.ToArray()).ToArray();
            for (var i = 0; i < 1_000_000; i++)
            {
                await stream.WriteAsync(chunk, TestContext.Current.CancellationToken);
            }
        });

        Assert.Null(await _client.ScaleAsync("c", Address, "t", 1, TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<IOException>(() => serving);
    }

    [Fact]
    public async Task Scale_SchedulerThatSpeaksNoHttp_IsAProblem()
    {
        var serving = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ServeAsync(stream => stream.WriteAsync("SSH-2.0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken).AsTask())));
        Assert.Equal("the connection broke", await _client.ScaleAsync("c", Address, "t", 1, TestContext.Current.CancellationToken));
        await serving;
    }

    [Theory]
    [InlineData("https://127.0.0.1:1")]
    [InlineData("file:///etc/passwd")]
    [InlineData("nothing")]
    public async Task Scale_AddressThatIsNone_IsNotDialled(string address) =>
        Assert.Equal("its address is not an HTTP address", await _client.ScaleAsync("c", address, "t", 1, TestContext.Current.CancellationToken));

    [Fact]
    public async Task Scale_CallerGoesAway_EndsAtOnce()
    {
        using var going = new CancellationTokenSource();
        var sending = _client.ScaleAsync("c", Address, "t", 1, going.Token);
        using var connection = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await going.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    public void Dispose()
    {
        _client.Dispose();
        _listener.Dispose();
    }

    private async Task ServeAsync(Func<NetworkStream, Task> serve)
    {
        using var connection = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await serve(connection.GetStream());
    }
}
