using System.Security.Cryptography;

namespace Gateway.Server.Auth.JupyterHub;

internal static class JupyterHubOptionsValidator
{
    private const string Section = $"{AuthOptions.Section}:JupyterHub";

    public static void Check(JupyterHubOptions options, List<string> failures)
    {
        if (string.IsNullOrEmpty(options.ApiUrl))
        {
            failures.Add($"{Section}:ApiUrl (or JUPYTERHUB_API_URL) must be set when {AuthOptions.Section}:Mode is {JupyterHubMode.ModeName}; for example http://hub:8081/hub/api.");
        }
        else if (!Uri.TryCreate(options.ApiUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            failures.Add($"{Section}:ApiUrl is '{options.ApiUrl}'; it must begin with http:// or https:// and hold no password.");
        }

        if (options.CacheSize is < 1 or > 10_000_000)
        {
            failures.Add($"{Section}:CacheSize is {options.CacheSize}; allowed are 1 to 10000000.");
        }

        AuthOptionsValidator.CheckTime("JupyterHub:CacheLifetime", options.CacheLifetime, TimeSpan.Zero, TimeSpan.FromDays(1), failures);
        AuthOptionsValidator.CheckTime("JupyterHub:SessionLifetime", options.SessionLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), failures);
        AuthOptionsValidator.CheckTime("JupyterHub:Timeout", options.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), failures);
        AuthOptionsValidator.CheckFile("JupyterHub:CaFile", options.CaFile, failures);
        AuthOptionsValidator.CheckFile("JupyterHub:CertFile", options.CertFile, failures);
        AuthOptionsValidator.CheckFile("JupyterHub:KeyFile", options.KeyFile, failures);
        if (string.IsNullOrEmpty(options.CertFile) != string.IsNullOrEmpty(options.KeyFile))
        {
            failures.Add($"{Section}:CertFile and {Section}:KeyFile go together; one of them is missing.");
        }

        HubSignInOptionsValidator.Check(options.SignIn, failures);
        if (failures.Count > 0)
        {
            return;
        }

        try
        {
            HubTls.From(options);
        }
        catch (CryptographicException failure)
        {
            failures.Add($"{Section}:CaFile, CertFile or KeyFile holds no certificate or key in PEM form: {failure.Message}");
        }
    }
}
