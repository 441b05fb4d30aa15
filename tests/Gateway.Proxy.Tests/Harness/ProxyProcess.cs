using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Tests.Harness;

/// <summary>The data plane as a process of its own, relaying cluster <c>c1</c>; for what would harm the process of the tests.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
    }

    public ConcurrentQueue<string> Output { get; } = [];

    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    public int Descriptors => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>Memory of its own, in kB.</summary>
    public long PrivateKilobytes => File.ReadLines($"/proc/{_process.Id}/smaps_rollup").Where(line => line.StartsWith("Private_", StringComparison.Ordinal)).Sum(Number);

    /// <summary>Processor time so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<ProxyProcess> StartAsync(int target, RelayMode mode, int descriptors = 0, params string[] settings)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        var host = Path.Combine(AppContext.BaseDirectory, "Gateway.Proxy.TestHost.dll");
        var arguments = $"--route c1=127.0.0.1:{target} --Proxy:Relay {mode} {string.Join(' ', settings)}";
        var limit = descriptors > 0 ? $"ulimit -n {descriptors}; " : "";
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"{limit}exec dotnet '{host}' {arguments}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var proxy = new ProxyProcess(Process.Start(start)!);
        proxy._process.BeginOutputReadLine();
        proxy._process.BeginErrorReadLine();
        int port = await proxy._port.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        proxy.EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        return proxy;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    public async Task<Socket> DialEchoAsync()
    {
        var hello = Hello.Cluster(ProxyHost.Cluster);
        var socket = await ConnectAsync();
        await socket.SendAllAsync(hello);
        Assert.Equal(hello, await socket.ReadAsync(hello.Length));
        return socket;
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static long Number(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    private void Read(string? line)
    {
        if (line is null)
        {
            _port.TrySetException(new InvalidOperationException($"The process has ended: {string.Join('\n', Output)}"));
            return;
        }

        Output.Enqueue(line);
        if (line.StartsWith("listening ", StringComparison.Ordinal))
        {
            _port.TrySetResult(int.Parse(line.AsSpan("listening ".Length)));
        }
    }
}
