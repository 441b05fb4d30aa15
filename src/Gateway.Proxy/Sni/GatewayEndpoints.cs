using System.Net;
using System.Net.Security;
using Gateway.Proxy.Tls;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Proxy.Sni;

/// <summary>Endpoints of Kestrel's for the gateway's port.</summary>
public static class GatewayEndpoints
{
    /// <summary>Listens for schedulers' traffic and plain HTTP and, with certificates, for HTTPS (HTTP/2 and 1.1) on the same port.</summary>
    public static void ListenGateway(this KestrelServerOptions kestrel, IPEndPoint endPoint, TlsCertificates? certificates = null)
    {
        kestrel.Listen(endPoint);
        if (certificates is not null)
        {
            kestrel.Listen(new TlsTwin(endPoint), listen => listen.UseHttps(certificates));
        }
    }

    /// <summary>Speaks HTTPS on this endpoint with the certificates that are current when a connection begins.</summary>
    public static ListenOptions UseHttps(this ListenOptions listen, TlsCertificates certificates) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = context => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificates.SelectContext(context.ClientHelloInfo.ServerName),
        }),
    });
}
