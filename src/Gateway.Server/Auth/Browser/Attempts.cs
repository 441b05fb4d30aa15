using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Server.Auth.Session;
using Gateway.Server.Caching;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Browser;

/// <summary>
/// Begins attempts and recognises those that come back. All there is of one is in the browser: a secret in a cookie of its own, so that tabs
/// do not disturb each other, and the state in the URL, sealed by us around the secret's hash. Every replica can therefore end what another began.
/// </summary>
internal sealed class Attempts(IDataProtectionProvider protection, IOptions<AuthOptions> options, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private const int LongestState = 8 * 1024;
    private const int MostAtOnce = 10;
    private const int RememberedEnds = 10_000;

    private readonly IDataProtector _protector = protection.CreateProtector("Gateway.Server.Auth.Browser.v1");
    private readonly BoundedCache<string, bool> _ended = new(RememberedEnds, time);
    private readonly string _prefix = options.Value.Session.CookieName + "-signin-";

    /// <summary>Begins an attempt that ends where the request wanted to go, and gives the browser its cookie.</summary>
    public SignInAttempt Begin(HttpContext context, string callback)
    {
        string verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        string challenge = ChallengeOf(verifier);
        string next = Navigation.PathOf(context.Request);
        long ends = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        string sealedState = Base64Url.EncodeToString(_protector.Protect(Encoding.UTF8.GetBytes($"{ends}\n{challenge}\n{callback}\n{next}")));

        // A browser that reloads and reloads must not collect cookies until its requests are too large to be read.
        string[] others = [.. context.Request.Cookies.Keys.Where(name => name.StartsWith(_prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        foreach (string oldest in others.Take(others.Length - MostAtOnce + 1))
        {
            context.Response.Cookies.Delete(oldest, OurCookies.For(context, TimeSpan.Zero));
        }

        context.Response.Cookies.Append(CookieName(ends, challenge), verifier, OurCookies.For(context, Lifetime));
        return new(sealedState, verifier, challenge, callback, next);
    }

    /// <summary>Opens a state; null when we did not make it.</summary>
    /// <returns>The attempt without its verifier, and when it ends in seconds since 1970.</returns>
    public (SignInAttempt Attempt, long Ends)? Open(string? state)
    {
        if (state is not { Length: > 0 and <= LongestState })
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(_protector.Unprotect(Base64Url.DecodeFromChars(state))).Split('\n') is [var ends, var challenge, var callback, var next]
                ? (new SignInAttempt(state, string.Empty, challenge, callback, next), long.Parse(ends, CultureInfo.InvariantCulture))
                : null;
        }
        catch (Exception failure) when (failure is FormatException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Ends an opened attempt, once: null when this browser did not begin it, has ended it before, or took too long.</summary>
    public SignInAttempt? End(HttpContext context, SignInAttempt attempt, long ends)
    {
        string name = CookieName(ends, attempt.Challenge);
        string? verifier = context.Request.Cookies[name];
        if (verifier is not { Length: > 0 and <= 128 } || !CryptographicOperations.FixedTimeEquals(Bytes(ChallengeOf(verifier)), Bytes(attempt.Challenge)))
        {
            return null;
        }

        context.Response.Cookies.Delete(name, OurCookies.For(context, TimeSpan.Zero));
        bool isFirst = _ended.TryAdd(attempt.Challenge, true, Lifetime);
        return isFirst && ends > time.GetUtcNow().ToUnixTimeSeconds() ? attempt with { Verifier = verifier } : null;
    }

    // Names begin with the time, so that the oldest can be told.
    private string CookieName(long ends, string challenge) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{ends:D10}-{challenge[..8]}");

    private static string ChallengeOf(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Bytes(verifier)));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
