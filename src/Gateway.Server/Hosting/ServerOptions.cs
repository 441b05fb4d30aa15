using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Hosting;

/// <summary>The process and its front door: section <c>Server</c>.</summary>
internal sealed partial class ServerOptions
{
    public const string Section = "Server";

    /// <summary>A label for people: shown, and written into jobs beside the gateway's identity.</summary>
    public string Name { get; set; } = "dask-gateway";

    /// <summary><c>address:port</c> to listen on, for everything: REST, dashboards, schedulers.</summary>
    public IReadOnlyList<string> Listen { get; set; } = [];

    /// <summary>The API as schedulers reach it; empty: made from the first address listened on.</summary>
    public string ApiUrl { get; set; } = "";

    /// <summary>This machine's name as jobs of node-bound backends carry it; empty: the host name. Must stay the same over restarts.</summary>
    public string Node { get; set; } = "";

    /// <summary>Where files that outlive the process lie.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>PEM or PFX file of the web side's certificate, reloaded when it changes; empty: no HTTPS on these addresses.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file of its key, where the certificate's file has none.</summary>
    public string CertificateKey { get; set; } = "";

    /// <summary>A directory of certificates, chosen by the name that a client asks for; instead of <see cref="Certificate"/>.</summary>
    public string CertificateDirectory { get; set; } = "";

    /// <summary>Tell browsers to come by HTTPS only (HSTS) on answers over TLS.</summary>
    public bool StrictTransportSecurity { get; set; } = true;

    /// <summary>How long to wait for the database at start before giving up, 0 to 1 h.</summary>
    public TimeSpan StoreWait { get; set; } = TimeSpan.FromMinutes(1);

    public IReadOnlyList<IPEndPoint> Endpoints => [.. Listen.Select(IPEndPoint.Parse)];

    public bool HasCertificate => Certificate.Length > 0 || CertificateDirectory.Length > 0;

    /// <summary>Reads and checks the section.</summary>
    /// <exception cref="OptionsValidationException">Each message names a full key, the value and what is allowed.</exception>
    public static ServerOptions Read(IConfiguration configuration)
    {
        var options = new ServerOptions();
        try
        {
            configuration.GetSection(Section).Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new OptionsValidationException(Section, typeof(ServerOptions), [$"{e.Message} {e.InnerException?.Message}".Trim()]);
        }

        string[] failures = [.. options.Failures()];
        return failures.Length == 0 ? options : throw new OptionsValidationException(Section, typeof(ServerOptions), failures);
    }

    public IEnumerable<string> Failures()
    {
        foreach (string listen in Listen)
        {
            if (!IPEndPoint.TryParse(listen, out var endpoint) || endpoint.Port == 0)
            {
                yield return $"{Section}:Listen has '{listen}'; allowed is address:port, such as 127.0.0.1:8000, 0.0.0.0:8000 or [::]:8000.";
            }
        }

        if (ApiUrl.Length > 0 && !(Uri.TryCreate(ApiUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return $"{Section}:ApiUrl is '{ApiUrl}'; allowed is a URL such as https://gateway.example/api.";
        }

        if (Certificate.Length > 0 && !File.Exists(Certificate))
        {
            yield return $"{Section}:Certificate is '{Certificate}', which does not exist; needed is a PEM or PFX file.";
        }

        if (CertificateKey.Length > 0 && !File.Exists(CertificateKey))
        {
            yield return $"{Section}:CertificateKey is '{CertificateKey}', which does not exist; needed is a PEM file.";
        }

        if (CertificateDirectory.Length > 0 && !Directory.Exists(CertificateDirectory))
        {
            yield return $"{Section}:CertificateDirectory is '{CertificateDirectory}', which does not exist; needed is a directory with PEM or PFX files.";
        }

        if (!LabelPattern().IsMatch(Name))
        {
            yield return $"{Section}:Name is '{Name}'; allowed are 1 to 64 letters, digits, '.', '_' and '-'.";
        }

        if (StoreWait < TimeSpan.Zero || StoreWait > TimeSpan.FromHours(1))
        {
            yield return $"{Section}:StoreWait is {StoreWait}; allowed are 00:00:00 to 01:00:00.";
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex LabelPattern();
}
