using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Core.Dask;

/// <summary>A cluster's key and self-signed certificate: client, scheduler and workers use it as key, certificate and authority at once.</summary>
/// <param name="Certificate">PEM.</param>
/// <param name="Key">PEM, PKCS#8. Never logged.</param>
public sealed record ClusterCertificate(string Certificate, string Key)
{
    private const int SerialBytes = 16;

    // Machines' clocks differ: a certificate made this moment must be good on a node that runs behind.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Makes a new key and certificate.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="now">The present time.</param>
    /// <param name="lifetime">How long it is valid from now.</param>
    public static ClusterCertificate Create(string cluster, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={cluster}"), key, HashAlgorithmName.SHA256);

        // OpenSSL's strict checks (on by default from Python 3.13) ask of an authority: critical basic constraints, a key usage
        // with keyCertSign, a subject key identifier, and an authority key identifier that fits it (RFC 5280, section 4.2.1).
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication, ClientAuthentication], critical: false));
        var subjectKey = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(subjectKey);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(subjectKey));

        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(cluster);
        names.AddDnsName($"daskgateway-{cluster}");
        names.AddDnsName("dask-internal");
        request.CertificateExtensions.Add(names.Build());

        // Signed by its own key, and not by CreateSelfSigned: that makes a copy of the key for the certificate as well, a third of the work.
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40); // positive, and of this length (RFC 5280, section 4.1.2.2)
        using var certificate = request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, now + lifetime, serial);
        return new(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Nothing of it.</summary>
    public override string ToString() => nameof(ClusterCertificate);
}
