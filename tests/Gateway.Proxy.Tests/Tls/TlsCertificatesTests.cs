using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Proxy.Configuration;
using Gateway.Proxy.Sni;
using Gateway.Proxy.Tests.Harness;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Proxy.Tests.Tls;

public sealed class TlsCertificatesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Select_FilesChanged_GivesTheNewOneAfterTheCheck()
    {
        Write("", "tls.crt", "tls.key", "a.example");
        using var certificates = Open(new() { CertificateFile = At("tls.crt"), KeyFile = At("tls.key") });
        Assert.Equal("CN=a.example", certificates.Select(null).Subject);

        Write("", "tls.crt", "tls.key", "b.example");
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("CN=b.example", certificates.Select(null).Subject);
    }

    [Fact]
    public void Select_KeyOfAnother_KeepsTheLastGoodOneUntilBothFit()
    {
        Write("", "tls.crt", "tls.key", "a.example");
        using var certificates = Open(new() { CertificateFile = At("tls.crt"), KeyFile = At("tls.key") });

        var (certificate, key) = Make("b.example");
        File.WriteAllText(At("tls.crt"), certificate); // an ACME client has written one of the two
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=a.example", certificates.Select(null).Subject);

        File.WriteAllText(At("tls.key"), key);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=b.example", certificates.Select(null).Subject);
    }

    [Fact]
    public void Select_LinkSwappedAsKubernetesDoes_GivesTheNewOne()
    {
        Write("..one", "tls.crt", "tls.key", "a.example");
        Write("..two", "tls.crt", "tls.key", "b.example");
        Directory.CreateSymbolicLink(At("..data"), At("..one"));
        File.CreateSymbolicLink(At("tls.crt"), At("..data/tls.crt"));
        File.CreateSymbolicLink(At("tls.key"), At("..data/tls.key"));
        using var certificates = Open(new() { Directory = _folder });
        Assert.Equal("CN=a.example", certificates.Select(null).Subject);

        File.Delete(At("..data"));
        Directory.CreateSymbolicLink(At("..data"), At("..two"));
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("CN=b.example", certificates.Select(null).Subject);
    }

    [Fact]
    public void Select_DirectoryWithSeveral_ChoosesByServerName()
    {
        Write("a.example", "fullchain.pem", "privkey.pem", "a.example");
        File.Copy(At("a.example/fullchain.pem"), At("a.example/cert.pem"));
        Write("", "b.crt", "b.key", "b.example");
        Write("", "both.pem", null, "*.wild.example");
        using var pfx = Certificates.Server("p.example");
        File.WriteAllBytes(At("p.pfx"), pfx.Export(X509ContentType.Pfx));
        using var certificates = Open(new() { Directory = _folder });

        foreach (var (asked, subject) in new[]
        {
            ("a.example", "CN=a.example"), ("B.EXAMPLE", "CN=b.example"), ("p.example", "CN=p.example"), ("x.wild.example", "CN=*.wild.example"), ("other", "CN=b.example"),
        })
        {
            Assert.Equal(subject, certificates.Select(asked).Subject);
        }
    }

    [Theory]
    [InlineData(null, null, "neither is configured")]
    [InlineData("missing.pem", null, "missing.pem")]
    [InlineData(null, "empty", "no certificate in")]
    public void Open_NothingUsable_SaysWhereAndWhy(string? file, string? directory, string message)
    {
        Directory.CreateDirectory(At("empty"));

        var error = Assert.Throws<ArgumentException>(() => Open(new() { CertificateFile = file is null ? null : At(file), Directory = directory is null ? null : At(directory) }));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListenGateway_CertificateChanged_NewConnectionsSeeItAndOldOnesGoOn()
    {
        Write("", "tls.crt", "tls.key", "a.example");
        using var certificates = Open(new() { CertificateFile = At("tls.crt"), KeyFile = At("tls.key") });
        var main = new IPEndPoint(IPAddress.Loopback, 0);
        await using var proxy = await ProxyHost.StartAsync(RelayMode.Auto, listen: kestrel => kestrel.ListenGateway(main, certificates));

        await using var before = await HandshakeAsync(proxy.EndPoint);
        Write("", "tls.crt", "tls.key", "b.example");
        _time.Advance(TimeSpan.FromSeconds(10));
        await using var after = await HandshakeAsync(proxy.EndPoint);

        Assert.Equal(("CN=a.example", "CN=b.example"), (before.RemoteCertificate!.Subject, after.RemoteCertificate!.Subject));
        Assert.Equal(SslApplicationProtocol.Http2, after.NegotiatedApplicationProtocol);
        await before.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x4\0\0\0\0\0"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.NotEqual(-1, before.ReadByte()); // the server's own settings
    }

    private static async Task<SslStream> HandshakeAsync(IPEndPoint endPoint)
    {
        var client = new TcpClient();
        await client.ConnectAsync(endPoint, TestContext.Current.CancellationToken);
        var tls = new SslStream(client.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "gateway.example",
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            },
            TestContext.Current.CancellationToken);
        return tls;
    }

    private static (string Certificate, string Key) Make(string name)
    {
        using var certificate = Certificates.Server(name);
        return (certificate.ExportCertificatePem(), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private TlsCertificates Open(TlsCertificateOptions options) => new(options, _time, NullLogger<TlsCertificates>.Instance);

    private string At(string path) => Path.Combine(_folder, path);

    private void Write(string folder, string certificateFile, string? keyFile, string name)
    {
        Directory.CreateDirectory(At(folder));
        var (certificate, key) = Make(name);
        File.WriteAllText(Path.Combine(At(folder), certificateFile), keyFile is null ? $"{certificate}\n{key}" : certificate);
        if (keyFile is not null)
        {
            File.WriteAllText(Path.Combine(At(folder), keyFile), key);
        }
    }
}
