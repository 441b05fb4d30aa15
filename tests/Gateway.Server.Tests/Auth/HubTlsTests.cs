using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Server.Tests.Auth;

public sealed class HubTlsTests : IDisposable
{
    private const string Alice = """{"name": "alice", "kind": "user"}""";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-hub-tls-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public HubTlsTests()
    {
        var request = new CertificateRequest("CN=hub", _key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Pem("cert"), _certificate.ExportCertificatePem());
        File.WriteAllText(Pem("key"), _key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Hub_WithACertificateOfItsOwnAuthority_IsTrustedOnlyWithTheCaFile()
    {
        await using var hub = await ScriptedHub.StartAsync(listen => listen.UseHttps(_certificate));
        hub.AnswerWith(Alice);
        await using var trusting = await StartAsync(hub, ("CaFile", Pem("cert")));
        await using var wary = await StartAsync(hub);
        using var trustingClient = trusting.CreateClient();
        using var waryClient = wary.CreateClient();

        using var accepted = await trustingClient.GetAsync("/who", "jupyterhub t1");
        using var refused = await waryClient.GetAsync("/who", "jupyterhub t1");

        Assert.Equal("alice", (await accepted.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("SecureConnectionError", refused.ReasonPhrase, StringComparison.Ordinal);
        Assert.Equal(["token t1"], hub.Asked);
    }

    [Fact]
    public async Task Hub_ThatAsksForACertificate_GetsTheConfiguredOne()
    {
        string? shown = null;
        await using var hub = await ScriptedHub.StartAsync(listen => listen.UseHttps(_certificate, https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => (shown = certificate.Thumbprint) is not null;
        }));
        hub.AnswerWith(Alice);
        await using var host = await StartAsync(hub, ("CaFile", Pem("cert")), ("CertFile", Pem("cert")), ("KeyFile", Pem("key")));
        using var client = host.CreateClient();

        using var response = await client.GetAsync("/who", "jupyterhub t1");

        Assert.Equal("alice", (await response.VisitorAsync()).Name);
        Assert.Equal(_certificate.Thumbprint, shown);
    }

    private string Pem(string name) => Path.Combine(_folder.FullName, name + ".pem");

    private static Task<AuthHost> StartAsync(ScriptedHub hub, params (string Key, string Value)[] settings) => AuthHost.StartAsync(
        [("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", hub.ApiUrl), .. settings.Select(s => ("Authentication:JupyterHub:" + s.Key, s.Value))]);
}
