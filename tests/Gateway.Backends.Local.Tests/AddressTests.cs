using System.Net;
using System.Net.Sockets;
using Gateway.Backends.Local.Addresses;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>A scheduler's word about its address is checked.</summary>
public sealed class AddressTests
{
    private const string Server =
        """
        exec python3 -c '
        import os, socket, sys, time
        s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
        s.bind((sys.argv[1], 0))
        if len(sys.argv) > 2:
            while not os.path.exists(os.environ["W"] + "/listen"): time.sleep(0.01)
        s.listen()
        open(os.environ["W"] + "/" + os.environ["N"], "a").write("%d\n" % s.getsockname()[1])
        time.sleep(600)
        ' 
        """;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("0.0.0.0", "localhost")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("::", "::1")]
    [InlineData("::1", "::1")]
    public async Task Address_WhereTheJobListens_IsItsOwn(string listensOn, string claimed)
    {
        Assert.SkipWhen(listensOn.Contains(':', StringComparison.Ordinal) && !Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using var local = new LocalHarness();
        var (job, port) = await ServeAsync(local, listensOn);

        // localhost may be ::1 as well, where nobody listens: that is no reason to say no.
        Assert.Equal(AddressVerdict.Yes, await local.Backend.CheckAddressAsync(job, claimed, [port], LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Address_OfThisMachineByName_IsItsOwn()
    {
        await using var local = new LocalHarness();
        var (job, port) = await ServeAsync(local, "0.0.0.0");
        var own = (await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork, LocalHarness.Cancellation)).FirstOrDefault();
        Assert.SkipWhen(own is null, "This machine's name has no address.");

        Assert.Equal(AddressVerdict.Yes, await local.Backend.CheckAddressAsync(job, own.ToString(), [port], LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Address_WhereNobodyListensYet_IsNotKnownYet()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo $$ >> \"$W/$N\"; exec sleep 600");
        await local.WitnessesAsync(job.Name);
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        Assert.Equal(AddressVerdict.NotYet, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [((IPEndPoint)probe.LocalEndPoint!).Port], LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Address_WhereSomebodyElseListens_IsRefused()
    {
        await using var local = new LocalHarness();
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var (job, port) = await ServeAsync(local, "127.0.0.1");
        var (other, otherPort) = await ServeAsync(local, "127.0.0.1");

        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [((IPEndPoint)stranger.LocalEndpoint).Port], LocalHarness.Cancellation));
        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [otherPort], LocalHarness.Cancellation));
        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(other, "127.0.0.1", [port], LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Addresses_SeveralPorts_AreItsOwnOnlyTogether()
    {
        await using var local = new LocalHarness();
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int foreign = ((IPEndPoint)stranger.LocalEndpoint).Port;
        int silent = ((IPEndPoint)probe.LocalEndPoint!).Port;
        var (job, first, second) = await ServeTwoAsync(local);

        (int[] Ports, AddressVerdict Verdict)[] cases =
        [
            ([first, second], AddressVerdict.Yes),
            ([first, silent], AddressVerdict.NotYet),
            ([silent, first], AddressVerdict.NotYet),
            ([first, foreign], AddressVerdict.No),
            ([foreign, second], AddressVerdict.No),
            ([silent, foreign], AddressVerdict.No),
            ([first, second, 65536], AddressVerdict.No),
        ];
        foreach (var (ports, verdict) in cases)
        {
            Assert.Equal((string.Join(' ', ports), verdict), (string.Join(' ', ports), await local.Backend.CheckAddressAsync(job, "127.0.0.1", ports, LocalHarness.Cancellation)));
        }
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("::ffff:192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("169.254.169.254")]
    [InlineData("")]
    [InlineData("not a host name")]
    [InlineData("no-such-host.invalid")]
    public async Task Address_NotOfThisMachine_IsRefused(string host)
    {
        await using var local = new LocalHarness();
        var (job, port) = await ServeAsync(local, "0.0.0.0");

        // A name server that does not answer leaves the last one open.
        var verdict = await local.Backend.CheckAddressAsync(job, host, [port], LocalHarness.Cancellation);

        Assert.True(verdict == AddressVerdict.No || (host == "no-such-host.invalid" && verdict == AddressVerdict.NotYet), verdict.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65536)]
    public async Task Address_WithAnImpossiblePort_IsRefused(int port)
    {
        await using var local = new LocalHarness();
        var (job, _) = await ServeAsync(local, "0.0.0.0");

        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [port], LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Address_OfAnEndedJob_IsRefused()
    {
        await using var local = new LocalHarness();
        var (job, port) = await ServeAsync(local, "127.0.0.1");
        await local.StopAsync(job);
        await local.EndOfAsync(job);

        Assert.Equal(AddressVerdict.No, await local.Backend.CheckAddressAsync(job, "127.0.0.1", [port], LocalHarness.Cancellation));
    }

    [Fact]
    public void Listeners_OnTheVeryAddress_WinOverThoseOnAny()
    {
        var any = new ListeningSocket(IPAddress.Any, 1, "1");
        var any6 = new ListeningSocket(IPAddress.IPv6Any, 1, "2");
        var special = new ListeningSocket(IPAddress.Loopback, 1, "3");
        var mapped = new ListeningSocket(IPAddress.Loopback.MapToIPv6(), 1, "4");

        Assert.Equal([special], AddressCheck.Reached([any, any6, special], IPAddress.Loopback));
        Assert.Equal([mapped], AddressCheck.Reached([any, any6, mapped], IPAddress.Loopback));
        Assert.Equal([any], AddressCheck.Reached([any6, any], IPAddress.Loopback));
        Assert.Equal([any6], AddressCheck.Reached([any6], IPAddress.Loopback));
        Assert.Equal([any6], AddressCheck.Reached([any, any6], IPAddress.IPv6Loopback));
        Assert.Empty(AddressCheck.Reached([any, special], IPAddress.IPv6Loopback));
    }

    [Theory]
    [InlineData("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0", "127.0.0.1", 8080)]
    [InlineData("   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1", "::1", 8080)]
    [InlineData("   2: B80D01200000000000000000010000FF:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1", "2001:db8::ff00:1", 22)]
    public void Line_OfTheKernelsTable_IsRead(string line, string address, int port)
    {
        Assert.Equal(new ListeningSocket(IPAddress.Parse(address), port, "4711"), ListeningSocket.Parse(line));
        Assert.Null(ListeningSocket.Parse(line.Replace(" 0A ", " 01 ", StringComparison.Ordinal)));
        Assert.True(ListeningSocket.IsOf(line, port));
        Assert.False(ListeningSocket.IsOf(line, port + 1));
        Assert.False(ListeningSocket.IsOf(line.Replace(" 0A ", " 01 ", StringComparison.Ordinal), port));
        Assert.False(ListeningSocket.IsOf("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", port));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task KernelsAnswer_IsWhatItsTablesSay(string address)
    {
        using var listener = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (IPAddress.Parse(address).IsIPv4MappedToIPv6)
        {
            listener.DualMode = true;
        }

        listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        listener.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var connected = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await connected.ConnectAsync(address.Contains('.', StringComparison.Ordinal) ? IPAddress.Loopback : IPAddress.IPv6Loopback, port, LocalHarness.Cancellation);
        using var accepted = await listener.AcceptAsync(LocalHarness.Cancellation);

        var answer = SocketDiagnostics.OnPort(port);

        Assert.SkipWhen(answer is null, "this kernel does not tell of sockets this way");
        Assert.Equal(IPAddress.Parse(address), Assert.Single(answer).Address);
        Assert.Equal(ListeningSocket.ReadTables(port), answer);
        Assert.Empty(SocketDiagnostics.OnPort(((IPEndPoint)connected.LocalEndPoint!).Port)!);
    }

    [Fact]
    public void KernelsAnswer_CutOrDamaged_IsNotTrusted()
    {
        var random = new Random(5);
        var piece = new byte[200];
        for (var i = 0; i < 10_000; i++)
        {
            random.NextBytes(piece);
            piece[0] = (byte)random.Next(256);
            piece.AsSpan(1, 3).Clear();
            piece[4] = 20;
            piece[5] = 0;
            var found = new List<ListeningSocket>();

            SocketDiagnostics.Take(piece.AsSpan(0, random.Next(piece.Length + 1)), 80, found);

            Assert.All(found, socket => Assert.Equal(80, socket.Port));
        }

        Assert.False(SocketDiagnostics.Take([15, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 80, []));
        Assert.False(SocketDiagnostics.Take([36, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 80, []));
    }

    [Fact]
    public async Task Address_OfAProcessWhoseParentIsGone_IsTheJobsOwn()
    {
        await using var local = new LocalHarness();

        // The shell in between ends at once: the server is nobody's child in the job, only in its session.
        var job = local.Job("sh -c '" + Server.TrimEnd().Replace("exec python3", "python3", StringComparison.Ordinal).Replace("'", "'\\''", StringComparison.Ordinal) + " 127.0.0.1 &'; exec sleep 600");
        var handle = await local.StartAsync(job);
        int port = (await local.WitnessesAsync(job.Name))[0];

        Assert.Equal(AddressVerdict.Yes, await local.Backend.CheckAddressAsync(handle, "127.0.0.1", [port], LocalHarness.Cancellation));
    }

    private static async Task<(JobHandle Job, int Port)> ServeAsync(LocalHarness local, string address)
    {
        var job = local.Job(Server.TrimEnd() + " " + address);
        var handle = await local.StartAsync(job);
        return (handle, (await local.WitnessesAsync(job.Name))[0]);
    }

    /// <summary>A job of two processes, each of which listens.</summary>
    private static async Task<(JobHandle Job, int First, int Second)> ServeTwoAsync(LocalHarness local)
    {
        string server = Server.TrimEnd() + " 127.0.0.1";
        var job = local.Job($"{server.Replace("exec python3", "python3", StringComparison.Ordinal)} & {server}");
        var handle = await local.StartAsync(job);
        var ports = await local.WitnessesAsync(job.Name, 2);
        return (handle, ports[0], ports[1]);
    }
}
