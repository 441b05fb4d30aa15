using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CsCheck;
using Gateway.Backends.HTCondor.Files;

namespace Gateway.Backends.HTCondor.Tests.Files;

public sealed class CredentialExpiryTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_365_000);

    [Fact]
    public void Of_Token_IsItsClaim() => Assert.Equal(Now, CredentialExpiry.Of(Token($"{{\"sub\":\"alice\",\"exp\":{Now.ToUnixTimeSeconds()}}}")));

    [Theory]
    [InlineData("{\"sub\":\"alice\"}")]
    [InlineData("{\"exp\":\"soon\"}")]
    [InlineData("{\"exp\":-1}")]
    [InlineData("{\"exp\":1e300}")]
    [InlineData("[1]")]
    [InlineData("7")]
    [InlineData("")]
    public void Of_TokenWithoutAnEnd_IsNotKnown(string claims) => Assert.Null(CredentialExpiry.Of(Token(claims)));

    [Fact]
    public void Of_Proxy_IsTheEarliestEndOfItsChain()
    {
        var proxy = Pem(Now.AddHours(12)) + "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n" + Pem(Now.AddHours(5)) + Pem(Now.AddDays(300));

        Assert.Equal(Now.AddHours(5), CredentialExpiry.Of(Encoding.ASCII.GetBytes(proxy)));
    }

    [Fact]
    public void Of_Anything_IsReadOrNotKnown()
    {
        var real = Encoding.ASCII.GetBytes(Pem(Now));
        Gen.OneOf(Fuzz.Corpus.Damaged(real), Fuzz.Corpus.Damaged(Token("{\"exp\":1795365000}")), Fuzz.Corpus.Noise).Sample(bytes => Assert.True(CredentialExpiry.Of(bytes) is null or { Year: > 1900 }), iter: 500);
    }

    private static byte[] Token(string claims) => Encoding.ASCII.GetBytes($"eyJhbGciOiJFUzI1NiJ9.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.c2lnbmF0dXJl\n");

    private static string Pem(DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=alice", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), end);
        return certificate.ExportCertificatePem() + "\n";
    }
}
