using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Gateway.Proxy.Tls;

/// <summary>
/// The web server's certificates, read again when their files change, as they do under an ACME client. New connections get the new
/// certificate; while files are missing or do not fit together, the last good ones stay in use.
/// </summary>
public sealed partial class TlsCertificates : IDisposable
{
    private readonly TlsCertificateOptions _options;
    private readonly ILogger<TlsCertificates> _logger;
    private readonly ITimer _timer;
    private volatile IReadOnlyList<LoadedCertificate> _certificates;
    private string _fingerprint;
    private string? _toldProblem;

    /// <summary>Reads the certificates.</summary>
    /// <exception cref="ArgumentException">Neither a file nor a directory is configured, or no usable certificate was found; the message says where and why.</exception>
    public TlsCertificates(TlsCertificateOptions options, TimeProvider time, ILogger<TlsCertificates> logger)
    {
        (_options, _logger) = (options, logger);
        if (options.CertificateFile is null && options.Directory is null)
        {
            throw new ArgumentException("A certificate file or a directory with certificates is needed for TLS; neither is configured.");
        }

        if (!TryRead(out var certificates, out _fingerprint, out var problem))
        {
            throw new ArgumentException($"No usable certificate: {problem}");
        }

        _certificates = certificates;
        Tell(certificates);

        _timer = time.CreateTimer(_ => Check(), null, options.CheckInterval, options.CheckInterval);
    }

    /// <summary>The certificate for a client that asks for this name, as <c>ServerCertificateSelector</c> wants it; without a fitting one, the first.</summary>
    public X509Certificate2 Select(string? serverName) => For(serverName).Certificate;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>The same with the certificates that lead to the issuer, which a selector of certificates cannot pass on.</summary>
    internal SslStreamCertificateContext SelectContext(string? serverName) => For(serverName).Context;

    private LoadedCertificate For(string? serverName)
    {
        var all = _certificates;
        if (serverName is { Length: > 0 } && all.Count > 1)
        {
            return all.FirstOrDefault(one => one.Names.Contains(serverName, StringComparer.OrdinalIgnoreCase))
                ?? all.FirstOrDefault(one => one.Certificate.MatchesHostname(serverName, allowWildcards: true, allowCommonName: true))
                ?? all[0];
        }

        return all[0];
    }

    private void Check()
    {
        if (!HasChanged())
        {
            return;
        }

        if (TryRead(out var certificates, out var fingerprint, out var problem))
        {
            (_certificates, _fingerprint, _toldProblem) = (certificates, fingerprint, null);
            Tell(certificates);
        }
        else if (problem != _toldProblem)
        {
            _toldProblem = problem;
            LogKept(problem);
        }
    }

    private bool HasChanged()
    {
        try
        {
            return CertificateFiles.Fingerprint(CertificateFiles.Find(_options)) != _fingerprint;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // reading tells why
        }
    }

    private bool TryRead(out IReadOnlyList<LoadedCertificate> certificates, out string fingerprint, out string problem)
    {
        (certificates, fingerprint, problem) = ([], "", $"no certificate in {_options.Directory}");
        var at = _options.CertificateFile ?? _options.Directory;
        try
        {
            var all = CertificateFiles.Find(_options);
            fingerprint = CertificateFiles.Fingerprint(all);
            var loaded = new List<LoadedCertificate>(all.Count);
            foreach (var files in all)
            {
                at = files.Key is null ? files.Certificate : $"{files.Certificate} with {files.Key}";
                loaded.Add(LoadedCertificate.Load(files, _options.Password));
            }

            certificates = loaded;
            return loaded.Count > 0;
        }
        catch (Exception e)
        {
            problem = $"{at}: {e.Message}";
            return false;
        }
    }

    private void Tell(IReadOnlyList<LoadedCertificate> certificates)
    {
        foreach (var certificate in certificates)
        {
            var (subject, notAfter) = (certificate.Certificate.Subject, certificate.Certificate.NotAfter.ToUniversalTime());
            LogLoaded(subject, notAfter);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS certificate {Subject}, valid until {NotAfter}")]
    private partial void LogLoaded(string subject, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS certificates have changed but are not usable, the last ones stay in use: {Problem}")]
    private partial void LogKept(string problem);
}
