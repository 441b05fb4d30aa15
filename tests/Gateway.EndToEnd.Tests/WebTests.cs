using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>The web side over TLS.</summary>
public sealed class WebTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Certificate_InADirectory_BringsHttp2AndStrictTransportSecurityAndIsReplacedWhileRunning()
    {
        string folder = Directory.CreateTempSubdirectory("gateway-tls-").FullName;
        try
        {
            await WriteCertificateAsync(folder, "first");
            await using var gateway = await GatewayProcess.StartAsync(new() { ["Server:CertificateDirectory"] = folder }, Token);
            Assert.Equal("CN=first", await AskAsync(gateway));

            await WriteCertificateAsync(folder, "second");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            while (await AskAsync(gateway) != "CN=second")
            {
                await Task.Delay(200, patience.Token);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The subject of the certificate that a new connection is shown.</summary>
    private static async Task<string> AskAsync(GatewayProcess gateway)
    {
        string shown = "";
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    shown = certificate!.Subject;
                    return shown is "CN=first" or "CN=second";
                },
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{gateway.Port}/api/version") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = "gateway.example"; // loopback's own names are left out of HSTS
        using var answer = await http.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith("max-age=", Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")), StringComparison.Ordinal);
        return shown;
    }

    // As certbot does: both files change, not at the same moment.
    private static async Task WriteCertificateAsync(string folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "privkey.pem"), key.ExportPkcs8PrivateKeyPem(), Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "fullchain.pem"), certificate.ExportCertificatePem(), Token);
    }
}
