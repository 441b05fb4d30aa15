using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Proxy.Tls;

/// <summary>A certificate with its key, the ones that lead to its issuer, and the names it is for.</summary>
internal sealed record LoadedCertificate(X509Certificate2 Certificate, SslStreamCertificateContext Context, IReadOnlyList<string> Names)
{
    /// <exception cref="Exception">The files cannot be read, are no certificate, or the key is another's.</exception>
    public static LoadedCertificate Load(CertificateFiles files, string? password)
    {
        var chain = new X509Certificate2Collection();
        X509Certificate2 certificate;
        if (files.IsPkcs12)
        {
            chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(files.Certificate, password);
            certificate = chain.FirstOrDefault(item => item.HasPrivateKey) ?? throw new InvalidDataException("there is no key in it");
        }
        else
        {
            chain.ImportFromPemFile(files.Certificate);
            certificate = password is null
                ? X509Certificate2.CreateFromPemFile(files.Certificate, files.Key)
                : X509Certificate2.CreateFromEncryptedPemFile(files.Certificate, password, files.Key);
        }

        if (OperatingSystem.IsWindows())
        {
            // Its TLS does not take keys that exist in memory only.
            certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }

        // Offline: a handshake must not wait for somebody's web server.
        var context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames()).ToList();
        return new LoadedCertificate(certificate, context, names);
    }
}
