using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Server.Auth.Modes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Session;

/// <summary>
/// What a browser renews its session with when the mode's word is too old: the credentials it came back with, encrypted. The mode is asked about
/// them as if they stood in the header, so whoever is signed out or removed there is out here too, and an open page does not have to be left in between.
/// </summary>
internal sealed class RenewalCookies(AuthenticationModes modes, IDataProtectionProvider protection, IOptions<AuthOptions> options, TimeProvider time)
{
    private const int Longest = 3500;
    private readonly IDataProtector _protector = protection.CreateProtector("Gateway.Server.Auth.Renewal.v1");
    private readonly string _name = options.Value.Session.CookieName + "-renewal";

    public void Issue(HttpContext context, IAuthenticationMode mode, Renewal renewal)
    {
        var lifetime = options.Value.Session.Lifetime;
        string text = string.Create(CultureInfo.InvariantCulture, $"{(time.GetUtcNow() + lifetime).ToUnixTimeSeconds()}\n{mode.Name}\n{renewal.Credentials}");
        string value = Base64Url.EncodeToString(_protector.Protect(Encoding.UTF8.GetBytes(text)));
        if (value.Length <= Longest)
        {
            context.Response.Cookies.Append(_name, value, OurCookies.For(context, lifetime));
        }
    }

    /// <summary>The credentials of a request; null when it has none, or some that are forged, damaged or over.</summary>
    public (IAuthenticationMode Mode, string Credentials)? Read(HttpContext context)
    {
        if (context.Request.Cookies[_name] is not { Length: > 0 and <= Longest } cookie)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(_protector.Unprotect(Base64Url.DecodeFromChars(cookie))).Split('\n', 3) is [var ends, var name, var credentials]
                && long.Parse(ends, CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeSeconds()
                && modes.ByName(name) is { } mode
                    ? (mode, credentials)
                    : null;
        }
        catch (Exception failure) when (failure is FormatException or CryptographicException)
        {
            return null;
        }
    }

    public void Remove(HttpContext context)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Cookies.Delete(_name, OurCookies.For(context, TimeSpan.Zero));
        }
    }
}
