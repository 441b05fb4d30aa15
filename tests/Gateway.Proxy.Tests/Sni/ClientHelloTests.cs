using System.Text;
using Gateway.Proxy.Sni;
using Gateway.Proxy.Tests.Harness;

namespace Gateway.Proxy.Tests.Sni;

public sealed class ClientHelloTests
{
    [Theory]
    [InlineData(0, 16384)]
    [InlineData(1800, 16384)]
    [InlineData(12_000, 16384)]
    [InlineData(25_000, 16384)]
    [InlineData(2000, 1)]
    [InlineData(2000, 3)]
    [InlineData(2000, 700)]
    public void Read_WholeHello_FindsName(int size, int fragment)
    {
        var result = Read(Hello.For("DaskGateway-a.B", size, fragment), out string name, out _);

        Assert.Equal((HelloResult.Named, "DaskGateway-a.B"), (result, name));
    }

    [Theory]
    [InlineData(0, 16384)]
    [InlineData(1800, 100)]
    public void Read_EveryPrefix_AsksForMoreUntilItIsWhole(int size, int fragment)
    {
        var hello = Hello.For("daskgateway-x", size, fragment);
        for (int n = 0; n < hello.Length; n++)
        {
            Assert.Equal(HelloResult.NeedMore, Read(hello[..n], out _, out int needed));
            Assert.InRange(needed, n + 1, hello.Length);
        }
    }

    [Fact]
    public void Read_NoServerName_SaysSo() => Assert.Equal(HelloResult.NoName, Read(Hello.For(null), out _, out _));

    // An encrypted hello (RFC 9849) shows the name of whoever can decrypt it: that is not us, so the outer name decides.
    [Theory]
    [InlineData("public.example", "daskgateway-a", "public.example")]
    [InlineData("daskgateway-a", "daskgateway-b", "daskgateway-a")]
    public void Read_NamedTwiceOrEncrypted_TheFirstNameDecides(string first, string second, string expected)
    {
        byte[] encrypted = [0xfe, 0x0d, 0, 8, .. "\0daskgat"u8];
        var twice = Hello.Records(Hello.Message(first, more: [.. encrypted, .. Hello.ServerName(second)]), 16384);

        Assert.Equal(HelloResult.Named, Read(twice, out string name, out _));
        Assert.Equal(expected, name);
    }

    // A name of another type than host name, an empty list, and a list that is longer than its extension.
    [Theory]
    [InlineData("0000" + "0006" + "0004" + "01" + "0001" + "61")]
    [InlineData("0000" + "0002" + "0000")]
    [InlineData("0000" + "0002" + "0010")]
    public void Read_ServerNameWithoutAHost_IsNoName(string extension) =>
        Assert.Equal(HelloResult.NoName, Read(Hello.Records(Hello.Message(null, more: Convert.FromHexString(extension)), 16384), out _, out _));

    [Fact]
    public void Read_LargerThanLookedAt_IsNotOurs() => Assert.Equal(HelloResult.NoName, Read(Hello.For("daskgateway-x", 40_000), out _, out _));

    [Fact]
    public void Read_EmptyName_IsNoName() => Assert.Equal(HelloResult.NoName, Read(Hello.For(""), out _, out _));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n")]
    [InlineData("\0")]
    public void Read_NotTls_SaysSo(string text) => Assert.Equal(HelloResult.NotTls, Read(Encoding.Latin1.GetBytes(text), out _, out _));

    [Fact]
    public void Read_AnotherHandshakeMessage_IsNotAHello()
    {
        var message = Hello.Message("daskgateway-x");
        message[0] = 2;

        Assert.Equal(HelloResult.NoName, Read(Hello.Records(message, 16384), out _, out _));
    }

    [Fact]
    public void Read_RandomDamage_NeverThrowsNorReadsOutside()
    {
        var random = new Random(20261122);
        int named = 0, other = 0;
        for (int i = 0; i < 200_000; i++)
        {
            var hello = Hello.For(i % 5 == 0 ? null : "daskgateway-fuzz", random.Next(3) == 0 ? random.Next(3000) : 0, random.Next(1, 800));
            for (int k = random.Next(6); k > 0; k--)
            {
                hello[random.Next(hello.Length)] = (byte)random.Next(256);
            }

            var data = hello[..(random.Next(4) == 0 ? random.Next(hello.Length) : hello.Length)];
            var result = Read(data, out string name, out int needed);
            Assert.True(result != HelloResult.NeedMore || (needed > data.Length && needed <= ClientHello.MaxBytes));
            Assert.True(name.Length <= data.Length);
            _ = result == HelloResult.Named ? named++ : other++;
        }

        Assert.True(named > 1000 && other > 1000, $"{named} with a name, {other} without: the damage must leave some of both");
    }

    [Fact]
    public void Read_RandomBytes_NeverThrows()
    {
        var random = new Random(7);
        var seen = new HashSet<HelloResult>();
        for (int i = 0; i < 200_000; i++)
        {
            var data = new byte[random.Next(200)];
            random.NextBytes(data);
            if (data.Length > 6 && random.Next(2) == 0)
            {
                (data[0], data[1], data[3], data[4], data[5]) = (22, 3, 0, (byte)(data.Length - 5), 1);
            }

            seen.Add(Read(data, out _, out _));
        }

        Assert.Contains(HelloResult.NeedMore, seen);
        Assert.Contains(HelloResult.NotTls, seen);
        Assert.Contains(HelloResult.NoName, seen);
    }

    [Theory]
    [InlineData("daskgateway-abc", "abc")]
    [InlineData("DASKGATEWAY-AbC", "AbC")]
    [InlineData("daskgateway-abc.", "abc")]
    [InlineData("daskgateway-.", null)]
    [InlineData("daskgateway-", null)]
    [InlineData("daskgateway", null)]
    [InlineData(".", null)]
    [InlineData("", null)]
    [InlineData("example.org", null)]
    public void SchedulerName_OfServerName_IsTheClustersName(string serverName, string? cluster)
    {
        bool ours = SchedulerName.TryGetCluster(Encoding.ASCII.GetBytes(serverName), out var name);

        Assert.Equal(cluster, ours ? Encoding.ASCII.GetString(name) : null);
    }

    private static HelloResult Read(byte[] data, out string name, out int needed)
    {
        var result = ClientHello.Read((byte[])data.Clone(), out var found, out needed);
        name = Encoding.Latin1.GetString(found);
        return result;
    }
}
