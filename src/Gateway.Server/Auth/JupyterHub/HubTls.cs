using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>How the connection to the Hub is secured.</summary>
internal static class HubTls
{
    /// <exception cref="CryptographicException">A file holds no certificate or no key.</exception>
    public static SslClientAuthenticationOptions From(JupyterHubOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (!string.IsNullOrEmpty(options.CaFile))
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(options.CaFile);
            if (authorities.Count == 0)
            {
                throw new CryptographicException($"no certificate in '{options.CaFile}'");
            }

            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (!string.IsNullOrEmpty(options.CertFile))
        {
            tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(options.CertFile, options.KeyFile)];
        }

        return tls;
    }
}
