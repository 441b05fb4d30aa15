using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Sni;
using Gateway.Proxy.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Server.Hosting;

/// <summary>Where the gateway listens: plain HTTP, HTTPS and schedulers on each address.</summary>
internal static class FrontDoor
{
    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        TlsCertificates? certificates = options.HasCertificate ? Certificates(kestrel.ApplicationServices, options) : null;
        foreach (var endpoint in options.Endpoints)
        {
            kestrel.ListenGateway(endpoint, certificates);
        }
    }

    /// <summary>How this machine reaches its own first address: good enough where schedulers run on it or on its network.</summary>
    public static string OwnUrl(ServerOptions options)
    {
        var endpoint = options.Endpoints.Count > 0 ? options.Endpoints[0] : new IPEndPoint(IPAddress.Loopback, 8000);
        string host = endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any)
            ? Dns.GetHostName()
            : endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{endpoint.Address}]" : endpoint.Address.ToString();
        return $"http://{host}:{endpoint.Port}";
    }

    private static TlsCertificates Certificates(IServiceProvider services, ServerOptions options) => new(
        new TlsCertificateOptions
        {
            CertificateFile = options.Certificate.Length > 0 ? options.Certificate : null,
            KeyFile = options.CertificateKey.Length > 0 ? options.CertificateKey : null,
            Directory = options.CertificateDirectory.Length > 0 ? options.CertificateDirectory : null,
        },
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<TlsCertificates>>());
}
