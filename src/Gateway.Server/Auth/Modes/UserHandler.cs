using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Gateway.Core;
using Gateway.Core.People;
using Gateway.Core.Store;
using Gateway.Server.Api.Errors;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Auth.Session;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Modes;

/// <summary>Signs a user in by the mode that the <c>Authorization</c> header names, or else by the session cookie.</summary>
internal sealed class UserHandler(
    AuthenticationModes modes,
    SessionCookies sessions,
    RenewalCookies renewals,
    Identities identities,
    Membership membership,
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private LoginOutcome.Refused _refused = new(StatusCodes.Status401Unauthorized, "Authentication required");

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A header of a foreign scheme is some proxy's affair: the cookie still counts.
        if (ReadHeader() is var (mode, credentials))
        {
            return SignInAsync(mode, credentials, mode.AttachedByBrowsers, isRenewal: false);
        }

        return sessions.Read(Context) is { } ticket ? Task.FromResult(Admit(ticket, attachedByBrowser: true))
            : renewals.Read(Context) is var (kept, renewal) ? SignInAsync(kept, renewal, attachedByBrowser: true, isRenewal: true)
            : Task.FromResult(AuthenticateResult.NoResult());
    }

    private async Task<AuthenticateResult> SignInAsync(IAuthenticationMode mode, string credentials, bool attachedByBrowser, bool isRenewal)
    {
        try
        {
            switch (await mode.AuthenticateAsync(Context, credentials, Context.RequestAborted))
            {
                case LoginOutcome.SignedIn { Login: var login }:
                    var userId = await identities.UserAsync(mode.Name, login.Name, Context.RequestAborted);
                    var ticket = sessions.TicketFor(mode, login, userId);
                    var result = Admit(ticket, attachedByBrowser);
                    if (result.Succeeded)
                    {
                        sessions.Issue(Context, ticket);
                    }

                    return result;
                case LoginOutcome.Refused { Status: StatusCodes.Status401Unauthorized or StatusCodes.Status500InternalServerError } when isRenewal:
                    // Signed out, removed or expired over there: as if there had never been a session.
                    renewals.Remove(Context);
                    return AuthenticateResult.NoResult();
                case LoginOutcome.Refused refused:
                    return Refuse(refused);
                case var outcome:
                    throw new InvalidOperationException($"Mode {mode.Name} ended in {outcome.GetType().Name}.");
            }
        }
        catch (StoreUnavailableException)
        {
            return Refuse(new(StatusCodes.Status503ServiceUnavailable, "The gateway's database does not answer, so nobody can sign in: try again in a moment"));
        }
        catch (PublicException failure)
        {
            return Refuse(new(failure.Status, failure.Message));
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_refused.Status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = modes.Primary.Challenge;
        }

        if (_refused.RetryAfter is { } wait)
        {
            Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return Refusal.WriteAsync(Context, _refused.Status, _refused.Sentence);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ErrorAnswer.WriteAsync(Context, StatusCodes.Status403Forbidden, "Only an administrator may do this");

    private (IAuthenticationMode Mode, string Credentials)? ReadHeader() =>
        AuthorizationHeader.TryRead(Request.Headers.Authorization, out var scheme, out var credentials) && modes.ByScheme(scheme) is { } mode
            ? (mode, credentials.ToString())
            : null;

    private AuthenticateResult Admit(SessionTicket ticket, bool attachedByBrowser)
    {
        if (attachedByBrowser && SameOrigin.IsDashboardAskingTheApi(Request))
        {
            return Refuse(new(StatusCodes.Status403Forbidden, "This request comes from a dashboard's page, which must not act in your name"));
        }

        if (attachedByBrowser && SameOrigin.Concerns(Request) && !SameOrigin.Permits(Request))
        {
            return Refuse(new(StatusCodes.Status403Forbidden, "This request comes from a page of another site, which must not act in your name"));
        }

        var caller = new Caller { UserId = ticket.UserId, Name = ticket.Name, Groups = ticket.Groups, IsAdmin = ticket.Admin };
        var principal = new ClaimsPrincipal(new CallerIdentity(membership.Complete(caller), ticket.Mode));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name));
    }

    private AuthenticateResult Refuse(LoginOutcome.Refused refused)
    {
        _refused = refused;
        return AuthenticateResult.Fail(refused.Sentence);
    }
}
