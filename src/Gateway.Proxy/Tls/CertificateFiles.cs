using System.Security.Cryptography;

namespace Gateway.Proxy.Tls;

/// <summary>The files of one certificate.</summary>
/// <param name="Certificate">PEM or PKCS#12.</param>
/// <param name="Key">PEM; null: in the same file.</param>
internal sealed record CertificateFiles(string Certificate, string? Key)
{
    private static readonly string[] Pkcs12 = [".pfx", ".p12"];

    public bool IsPkcs12 => Pkcs12.Contains(Path.GetExtension(Certificate), StringComparer.OrdinalIgnoreCase);

    /// <summary>All certificates that the options name, in the order of their paths.</summary>
    public static IReadOnlyList<CertificateFiles> Find(TlsCertificateOptions options)
    {
        var found = new List<CertificateFiles>();
        if (options.CertificateFile is { } file)
        {
            found.Add(new CertificateFiles(file, options.KeyFile));
        }

        if (options.Directory is { } directory)
        {
            // Kubernetes keeps the data of a mounted secret in directories that begin with two dots, and links to the current one.
            var inner = Directory.GetDirectories(directory).Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal);
            foreach (var folder in inner.Prepend(directory))
            {
                found.AddRange(FindIn([.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)]));
            }
        }

        return found;
    }

    /// <summary>Changes when any of the files does, whatever its time says: links are swapped without a new one.</summary>
    public static string Fingerprint(IEnumerable<CertificateFiles> all)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in all.SelectMany(files => new[] { files.Certificate, files.Key }).OfType<string>())
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(path));
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static IEnumerable<CertificateFiles> FindIn(string[] files)
    {
        foreach (var file in files)
        {
            var name = Path.Combine(Path.GetDirectoryName(file)!, Path.GetFileNameWithoutExtension(file));
            switch (Path.GetFileName(file), Path.GetExtension(file))
            {
                case ("fullchain.pem", _) when files.Contains(Sibling(file, "privkey.pem")):
                    yield return new(file, Sibling(file, "privkey.pem"));
                    break;
                case ("cert.pem" or "chain.pem" or "privkey.pem", _) when files.Contains(Sibling(file, "fullchain.pem")):
                    break; // certbot's parts of the same
                case (_, ".crt" or ".pem" or ".cer") when files.Contains(name + ".key"):
                    yield return new(file, name + ".key");
                    break;
                case (_, ".pfx" or ".p12"):
                    yield return new(file, null);
                    break;
                case (_, ".pem") when File.ReadAllText(file) is var text && text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) && text.Contains("CERTIFICATE-----", StringComparison.Ordinal):
                    yield return new(file, null);
                    break;
            }
        }
    }

    private static string Sibling(string file, string name) => Path.Combine(Path.GetDirectoryName(file)!, name);
}
