using Gateway.Core.Options;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Api;

/// <summary><c>Server:PathBase</c>: the prefix of every path, as a proxy in front passes it on. Paths without it work too.</summary>
internal static class PathBase
{
    // A service that JupyterHub knows learns its prefix from this variable.
    private const string HubPrefix = "JUPYTERHUB_SERVICE_PREFIX";

    /// <summary>The prefix with a slash in front and none at its end; empty: none.</summary>
    /// <exception cref="OptionsValidationException">It is no plain path.</exception>
    public static string Read(IConfiguration configuration)
    {
        var failures = new List<string>();
        var server = new SettingsReader(configuration.GetSection(ApiSettings.Section), failures);
        var path = (server.Text("PathBase") ?? configuration[HubPrefix] ?? "").Trim('/');
        if (path.Split('/').Any(part => part is "." or ".." || (part.Length == 0 && path.Length > 0) || !part.All(IsPlain)))
        {
            server.Fail("PathBase", $"is '{path}'; it must be a path of letters, digits and any of - . _ ~ @, such as /services/dask-gateway");
        }

        return failures.Count > 0 ? throw new OptionsValidationException(ApiSettings.Section, typeof(ApiSettings), failures)
            : path.Length == 0 ? ""
            : "/" + path;
    }

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '_' or '~' or '@';
}
