namespace Gateway.Proxy.Tls;

/// <summary>Where the web server's certificates are: one file (or pair), or a directory with any number.</summary>
public sealed record TlsCertificateOptions
{
    /// <summary>A PEM file with the certificate and, after it, those that lead to its issuer; or a PKCS#12 file (<c>.pfx</c>, <c>.p12</c>).</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The PEM file with its key; null: in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// A directory, looked through one level deep: <c>fullchain.pem</c> with <c>privkey.pem</c> (certbot), <c>tls.crt</c> with <c>tls.key</c> (Kubernetes),
    /// <c>name.crt</c> or <c>name.pem</c> with <c>name.key</c>, a <c>.pem</c> with both, <c>.pfx</c> and <c>.p12</c>. The client's server name chooses among them.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>The password of the key or PKCS#12 file; null: none.</summary>
    public string? Password { get; init; }

    /// <summary>How often the files are looked at for changes, 1 s or more.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(10);
}
