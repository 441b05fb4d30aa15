using System.Security.Claims;
using System.Text.Encodings.Web;
using Gateway.Core.Store;
using Gateway.Server.Api.Errors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.ClusterToken;

/// <summary>Lets the scheduler of the cluster in through the route value <c>name</c>; cookies and users' credentials do not count.</summary>
internal sealed class ClusterTokenHandler(
    ClusterTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private bool _storeIsSilent;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!ClusterTokens.IsToken(Request.Headers.Authorization))
        {
            return AuthenticateResult.NoResult();
        }

        var name = Request.RouteValues["name"] as string;
        try
        {
            return await tokens.ValidateAsync(name, Request.Headers.Authorization, Context.RequestAborted)
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClusterIdentity(name!)), Scheme.Name))
                : AuthenticateResult.Fail("Not the token of this cluster");
        }
        catch (StoreUnavailableException)
        {
            _storeIsSilent = true;
            return AuthenticateResult.Fail("The database does not answer");
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => _storeIsSilent
        ? ErrorAnswer.WriteAsync(Context, StatusCodes.Status503ServiceUnavailable, "The gateway's database does not answer: try again in a moment")
        : ClusterTokens.ChallengeAsync(Context);
}
