using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth;

/// <summary>Keeps a gateway that lets anybody in from listening where anybody can reach it.</summary>
internal sealed partial class ExposureCheck(IOptions<AuthOptions> options, ILogger<ExposureCheck> logger)
{
    /// <summary>Passes when authentication is good enough for where the server listens.</summary>
    /// <param name="addresses">Every address as URL prefix (<c>http://0.0.0.0:8000</c>, <c>http://+:80</c>, <c>http://unix:/run/gateway.sock</c>) or as <c>address:port</c>.</param>
    /// <exception cref="OptionsValidationException">It is not; the message names keys, address and ways out.</exception>
    public void Verify(IEnumerable<string> addresses)
    {
        var auth = options.Value;
        var exposed = addresses.FirstOrDefault(address => !IsLoopback(address));
        if (exposed is not null && string.IsNullOrEmpty(auth.Mode))
        {
            throw Failure($"{AuthOptions.Section}:Mode is not set, which is allowed only when every listening address is a loopback address, and {exposed} is not. Set it to basic or jupyterhub.");
        }

        if (exposed is not null && auth.AnyUserMaySignIn && !auth.Basic.AllowAnyUser)
        {
            throw Failure(
                $"Anybody could sign in under any user name at {exposed}, which is no loopback address. Set {AuthOptions.Section}:Basic:UsersFile or " +
                $"{AuthOptions.Section}:Basic:Password, or {AuthOptions.Section}:Mode=jupyterhub; or allow it with {AuthOptions.Section}:Basic:AllowAnyUser=true.");
        }

        if (auth.AnyUserMaySignIn)
        {
            LogAnyUser(logger, exposed ?? "loopback");
        }
    }

    internal static bool IsLoopback(string address)
    {
        var host = address.Trim();
        var scheme = host.IndexOf("://", StringComparison.Ordinal);
        host = scheme < 0 ? host : host[(scheme + 3)..];
        if (host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || host.StartsWith('/'))
        {
            return true;
        }

        // A name other than localhost, and the wildcards + and *, may be reached from anywhere.
        host = host.Split('/')[0];
        return IPEndPoint.TryParse(host, out var endpoint)
            ? IPAddress.IsLoopback(endpoint.Address)
            : string.Equals(host.Split(':')[0], "localhost", StringComparison.OrdinalIgnoreCase);
    }

    private static OptionsValidationException Failure(string sentence) => new(AuthOptions.Section, typeof(AuthOptions), [sentence]);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Anybody who reaches {Address} can sign in under any user name: no password and no file of users is configured")]
    private static partial void LogAnyUser(ILogger logger, string address);
}
