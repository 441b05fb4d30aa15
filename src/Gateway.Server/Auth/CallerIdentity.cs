using System.Security.Claims;
using Gateway.Core.People;

namespace Gateway.Server.Auth;

/// <summary>A signed-in user in ASP.NET's terms.</summary>
internal sealed class CallerIdentity(Caller caller, string mode)
    : ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.UserId.ToString()), new Claim(ClaimTypes.Name, caller.Name)], mode)
{
    public Caller Caller { get; } = caller;
}
