using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;

namespace Gateway.Core.Tests.Dask;

public sealed class ClusterSecretsTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly string _name = RandomName.ForCluster();

    [Fact]
    public void Create_Token_IsLongRandomAndWithoutSlash()
    {
        var tokens = Enumerable.Range(0, 100).Select(_ => ClusterSecrets.Create(_name, Now, TimeSpan.FromDays(1)).Token).ToHashSet();
        Assert.Equal(100, tokens.Count);
        Assert.All(tokens, token => Assert.Matches("^[A-Za-z0-9_-]{43}$", token));
    }

    [Fact]
    public void Create_Certificate_HasWhatStrictChecksAskFor()
    {
        var secrets = ClusterSecrets.Create(_name, Now, TimeSpan.FromDays(365));
        using var certificate = X509Certificate2.CreateFromPem(secrets.Certificate, secrets.Key);

        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", secrets.Key, StringComparison.Ordinal);
        Assert.Equal($"CN={_name}", certificate.Subject);
        Assert.Equal(certificate.Subject, certificate.Issuer);
        Assert.Equal([_name, $"daskgateway-{_name}", "dask-internal"], certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { Critical: true, CertificateAuthority: true });
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.True(usage is { Critical: true, KeyUsages: X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature });
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(oid => oid.Value));
        var subjectKey = certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single();
        var authorityKey = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single();
        Assert.Equal(subjectKey.SubjectKeyIdentifierBytes.ToArray(), authorityKey.KeyIdentifier?.ToArray());
        Assert.Equal(Now.AddHours(-1).ToUnixTimeSeconds(), new DateTimeOffset(certificate.NotBefore).ToUnixTimeSeconds());
        Assert.Equal(Now.AddDays(365).ToUnixTimeSeconds(), new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds());
    }

    [Fact]
    public void ToString_Secrets_ShowsNone()
    {
        var secrets = ClusterSecrets.Create(_name, Now, TimeSpan.FromDays(1));
        Assert.DoesNotContain(secrets.Token, secrets.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", new ClusterCertificate(secrets.Certificate, secrets.Key).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_Certificate_IsGoodForMutualTlsInPython()
    {
        const string Python = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Python), $"{Python} is missing");
        var folder = Directory.CreateTempSubdirectory("gateway-certificate-");
        try
        {
            var secrets = ClusterSecrets.Create(_name, Now, TimeSpan.FromDays(365));
            var certificate = Path.Combine(folder.FullName, "dask.crt");
            var key = Path.Combine(folder.FullName, "dask.pem");
            await File.WriteAllTextAsync(certificate, secrets.Certificate, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(key, secrets.Key, TestContext.Current.CancellationToken);
            string[] arguments = [Path.Combine(AppContext.BaseDirectory, "Dask", "Python", "handshake.py"), certificate, key, _name];
            using var process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await error);
            Assert.EndsWith(": ok\n", await output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
