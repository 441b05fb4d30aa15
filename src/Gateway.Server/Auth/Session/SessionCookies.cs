using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Server.Auth.Modes;
using Gateway.Server.Caching;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

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
    private readonly BoundedCache<Recipient, Issued> _issued = new(1_000, time);

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
        var now = time.GetUtcNow();
        if (ticket.Ends <= now.ToUnixTimeSeconds() || context.Response.HasStarted)
        {
            return false;
        }

        var recipient = new Recipient(JsonSerializer.Serialize(ticket with { Ends = 0 }, SessionJson.Default.SessionTicket), context.Request.IsHttps, context.Request.PathBase);
        if (!_issued.TryGet(recipient, out var issued) || issued.Ends > ticket.Ends || issued.Ends <= now.ToUnixTimeSeconds())
        {
            if (ValueFor(ticket) is not { } value)
            {
                return false;
            }

            issued = new(Lines(context, value, DateTimeOffset.FromUnixTimeSeconds(ticket.Ends) - now), ticket.Ends);
            _issued.Set(recipient, issued, Reused);
        }

        context.Response.Headers.SetCookie = StringValues.Concat(context.Response.Headers.SetCookie, issued.Lines);
        return true;
    }

    public void Remove(HttpContext context) => _cookies.DeleteCookie(context, options.Value.Session.CookieName, OurCookies.For(context, TimeSpan.Zero));

    /// <returns>Null where it cannot be made, or would be too long.</returns>
    private string? ValueFor(SessionTicket ticket)
    {
        try
        {
            string value = Base64Url.EncodeToString(_protector.Protect(JsonSerializer.SerializeToUtf8Bytes(ticket, SessionJson.Default.SessionTicket)));
            if (value.Length <= Longest)
            {
                return value;
            }

            LogTooLong(logger, ticket.Name, ticket.Groups.Count);
        }
        catch (CryptographicException failure)
        {
            LogNotProtected(logger, failure);
        }

        return null;
    }

    // As the framework writes them, several where it has to divide the value.
    private StringValues Lines(HttpContext context, string value, TimeSpan lifetime)
    {
        var headers = context.Response.Headers;
        var others = headers.SetCookie;
        headers.SetCookie = default;
        _cookies.AppendResponseCookie(context, options.Value.Session.CookieName, value, OurCookies.For(context, lifetime));
        var lines = headers.SetCookie;
        headers.SetCookie = others;
        return lines;
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

    /// <summary>Whom a cookie is for, and what of the request it depends on.</summary>
    private readonly record struct Recipient(string Ticket, bool IsHttps, PathString Path);

    private sealed record Issued(StringValues Lines, long Ends);
}
