using Gateway.Core.Store;
using Gateway.Proxy.Dashboards;
using Gateway.Server.Auth.Modes;
using Gateway.Server.Auth.Session;

namespace Gateway.Server.Auth.Browser;

/// <summary>Sends people who come with nothing but a browser to sign in, and lets them in when they are back.</summary>
internal sealed partial class BrowserSignIn(
    AuthenticationModes modes, Attempts attempts, Identities identities, SessionCookies sessions, RenewalCookies renewals, ILogger<BrowserSignIn> logger)
{
    private const string Again = "Sign in again";
    private const int LongestCode = 1024;

    /// <summary>Whether people can sign in so at all.</summary>
    public bool IsOffered => modes.Primary.Browser is not null;

    /// <summary>Sends a browser to the sign-in page of the primary mode. Only for requests that <see cref="Navigation.Is"/>.</summary>
    public void Start(HttpContext context)
    {
        var server = modes.Primary.Browser ?? throw new InvalidOperationException($"Mode {modes.Primary.Name} has no page to sign in on.");
        var attempt = attempts.Begin(context, server.CallbackFor(context.Request));
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Redirect(server.PageFor(attempt));
    }

    /// <summary>Answers the request that a browser comes back with.</summary>
    public async Task FinishAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (attempts.Open(query["state"]) is not var (opened, ends))
        {
            await PageAsync(context, StatusCodes.Status400BadRequest, "This sign-in was not begun here, or its address was damaged on the way.", next: null);
            return;
        }

        // Going back in the browser's history, or a second click, arrives here once more.
        if (attempts.End(context, opened, ends) is not { } attempt)
        {
            await (sessions.Read(context) is not null
                ? OnwardAsync(context, opened.Next)
                : PageAsync(context, StatusCodes.Status400BadRequest, $"This sign-in was begun in another browser, has been used already, or took longer than {Attempts.Lifetime.TotalMinutes:0} minutes. The browser must accept cookies.", opened.Next));
            return;
        }

        if (modes.Primary is not { Browser: { } server } mode)
        {
            await PageAsync(context, StatusCodes.Status404NotFound, "Nobody signs in here with a browser.", next: null);
            return;
        }

        if (query["code"] is not [{ Length: > 0 and <= LongestCode } code] || code.Any(c => c is <= ' ' or > '~'))
        {
            string reason = query["error"] is [{ Length: > 0 and <= 64 } error] && error.All(c => char.IsAsciiLetter(c) || c == '_') ? $" ({error})" : "";
            await PageAsync(context, StatusCodes.Status403Forbidden, $"{server.Title} did not let you in{reason}.", attempt.Next);
            return;
        }

        switch (await server.RedeemAsync(code, attempt, context.RequestAborted))
        {
            case LoginOutcome.SignedIn { Login: var login }:
                await AdmitAsync(context, mode, login, attempt.Next);
                return;
            case LoginOutcome.Refused refused:
                // A 401 would ask the browser for a password.
                await PageAsync(context, refused.Status == StatusCodes.Status401Unauthorized ? StatusCodes.Status403Forbidden : refused.Status, Refusal.Sentence(refused.Sentence), attempt.Next);
                return;
            case var outcome:
                throw new InvalidOperationException($"Mode {mode.Name} ended in {outcome.GetType().Name}.");
        }
    }

    /// <summary>Ends the browser's session here.</summary>
    public Task SignOutAsync(HttpContext context)
    {
        sessions.Remove(context);
        renewals.Remove(context);
        var server = modes.Primary.Browser;
        return NoticePage.WriteAsync(
            context, StatusCodes.Status200OK, "Signed out", "This browser is signed out of the gateway.",
            server?.SignOutPage is null ? "Close the browser if it keeps a password." : $"It may still be signed in to {server.Title}, which would let it in again.",
            server?.SignOutPage is { } page ? (page, $"Sign out of {server.Title}") : null);
    }

    private async Task AdmitAsync(HttpContext context, IAuthenticationMode mode, Login login, string next)
    {
        SessionTicket ticket;
        try
        {
            ticket = sessions.TicketFor(mode, login, await identities.UserAsync(mode.Name, login.Name, context.RequestAborted));
        }
        catch (StoreUnavailableException)
        {
            await PageAsync(context, StatusCodes.Status503ServiceUnavailable, "The gateway's database does not answer, so nobody can sign in.", next);
            return;
        }

        // Without its cookie the browser would be sent round in circles.
        if (!sessions.Issue(context, ticket))
        {
            await PageAsync(context, StatusCodes.Status502BadGateway, $"Your session does not fit into a cookie: you are in {login.Groups.Count} groups. An administrator can tell more from the gateway's log.", next: null);
            return;
        }

        if (login.Renewal is { } renewal)
        {
            renewals.Issue(context, mode, renewal);
        }

        LogSignedIn(logger, login.Name, mode.Name);
        await OnwardAsync(context, next);
    }

    private static Task OnwardAsync(HttpContext context, string next)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Referrer-Policy"] = "no-referrer"; // the address has the code in it
        context.Response.Redirect(Navigation.IsLocal(next) ? next : "/");
        return Task.CompletedTask;
    }

    private static Task PageAsync(HttpContext context, int status, string what, string? next) => NoticePage.WriteAsync(
        context, status, status >= 500 ? "Signing in does not work at the moment" : "Not signed in", what,
        next is null ? "Open the page that you wanted once more." : "You can try once more.",
        next is null ? null : (next, Again));

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UserName} signed in with a browser by {Mode}")]
    private static partial void LogSignedIn(ILogger logger, string userName, string mode);
}
