using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Server.Auth.Modes;
using Gateway.Server.Caching;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Session;

/// <summary>Makes and reads session cookies. All there is of a session is in its cookie, so every replica knows it.</summary>
internal sealed partial class SessionCookies(
    AuthenticationModes modes, IDataProtectionProvider protection, IOptions<AuthOptions> options, TimeProvider time, ILogger<SessionCookies> logger)
{
    // Kestrel takes 32 KiB of headers in all; a user whose groups need more than this signs in anew with every request instead.
    private const int Longest = 12 * 1024;

    private readonly IDataProtector _protector = protection.CreateProtector("Gateway.Server.Auth.Session.v1");

    // Programs that sign in with every request get one cookie again and again: encrypting costs more than all the rest of a small request.
    private static readonly TimeSpan Reused = TimeSpan.FromMinutes(1);
    private readonly BoundedCache<string, (string Value, long Ends)> _issued = new(1_000, time);

    // A browser drops a cookie of more than 4 KiB, which users in many groups reach.
    private readonly ChunkingCookieManager _cookies = new() { ChunkSize = 4000, ThrowForPartialCookies = false };

    public SessionTicket TicketFor(IAuthenticationMode mode, Login login, Guid userId)
    {
        var ends = time.GetUtcNow() + options.Value.Session.Lifetime;
        return new()
        {
            UserId = userId,
            Name = login.Name,
            Groups = login.Groups,
            Admin = login.IsAdmin,
            Mode = mode.Name,
            Stamp = login.Stamp,
            Ends = (login.SessionEnds < ends ? login.SessionEnds.Value : ends).ToUnixTimeSeconds(),
        };
    }

    /// <summary>Adds the cookie to the response. A failure costs the user another sign-in and is not worth an error.</summary>
    /// <returns>Whether the browser or program gets one.</returns>
    public bool Issue(HttpContext context, SessionTicket ticket)
    {
        if (ticket.Ends <= time.GetUtcNow().ToUnixTimeSeconds() || context.Response.HasStarted)
        {
            return false;
        }

        string value;
        long ends;
        try
        {
            (value, ends) = ValueFor(ticket);
        }
        catch (CryptographicException failure)
        {
            LogNotProtected(logger, failure);
            return false;
        }

        if (value.Length > Longest)
        {
            LogTooLong(logger, ticket.Name, ticket.Groups.Count);
            return false;
        }

        var lifetime = DateTimeOffset.FromUnixTimeSeconds(ends) - time.GetUtcNow();
        _cookies.AppendResponseCookie(context, options.Value.Session.CookieName, value, OurCookies.For(context, lifetime));
        return true;
    }

    public void Remove(HttpContext context) => _cookies.DeleteCookie(context, options.Value.Session.CookieName, OurCookies.For(context, TimeSpan.Zero));

    private (string Value, long Ends) ValueFor(SessionTicket ticket)
    {
        string who = JsonSerializer.Serialize(ticket with { Ends = 0 }, SessionJson.Default.SessionTicket);
        if (_issued.TryGet(who, out var issued) && issued.Ends <= ticket.Ends && issued.Ends > time.GetUtcNow().ToUnixTimeSeconds())
        {
            return issued;
        }

        issued = (Base64Url.EncodeToString(_protector.Protect(JsonSerializer.SerializeToUtf8Bytes(ticket, SessionJson.Default.SessionTicket))), ticket.Ends);
        if (issued.Value.Length <= Longest)
        {
            _issued.Set(who, issued, Reused);
        }

        return issued;
    }

    /// <summary>The session of a request; null when it has none, or one that is forged, damaged, over or withdrawn.</summary>
    public SessionTicket? Read(HttpContext context)
    {
        if (context.Request.Headers.Cookie.Count == 0
            || _cookies.GetRequestCookie(context, options.Value.Session.CookieName) is not { Length: > 0 and <= Longest } cookie)
        {
            return null;
        }

        SessionTicket? ticket;
        try
        {
            ticket = JsonSerializer.Deserialize(_protector.Unprotect(Base64Url.DecodeFromChars(cookie)), SessionJson.Default.SessionTicket);
        }
        catch (Exception failure) when (failure is FormatException or CryptographicException or JsonException)
        {
            LogNotOurs(logger, failure);
            return null;
        }

        return ticket is not null
            && ticket.Ends > time.GetUtcNow().ToUnixTimeSeconds()
            && modes.ByName(ticket.Mode) is { } mode
            && mode.StillAccepts(ticket.Name, ticket.Stamp) ? ticket : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A session could not be protected, so the user has to sign in with every request")]
    private static partial void LogNotProtected(ILogger logger, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The session of {UserName} with {GroupCount} groups is too long for a cookie, so they sign in with every request")]
    private static partial void LogTooLong(ILogger logger, string userName, int groupCount);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A session cookie was not accepted")]
    private static partial void LogNotOurs(ILogger logger, Exception failure);
}
