using Gateway.Server.Auth.Browser;

namespace Gateway.Server.Auth.Modes;

/// <summary>One way for users to sign in through the <c>Authorization</c> header.</summary>
/// <remarks>
/// A mode that answers with a header of its own (Kerberos: <c>WWW-Authenticate: Negotiate …</c> whatever the status) sets it on the response in
/// <see cref="AuthenticateAsync"/>; browsers answer it by themselves. A mode whose users sign in on somebody else's page (JupyterHub, OpenID Connect)
/// has a <see cref="Browser"/>.
/// </remarks>
internal interface IAuthenticationMode
{
    /// <summary>The scheme of its identities and sessions, such as <c>basic</c>; never changes, for users are told apart by it.</summary>
    string Name { get; }

    /// <summary>First word of the header, and all of <c>WWW-Authenticate</c> in a 401: clients know the bare word.</summary>
    string Challenge { get; }

    /// <summary>True when browsers send such credentials by themselves, on requests from foreign pages too.</summary>
    bool AttachedByBrowsers { get; }

    /// <summary>Where a person with nothing but a browser signs in; null: nowhere else than in the header.</summary>
    IAuthorizationServer? Browser => null;

    /// <summary>Checks credentials.</summary>
    /// <param name="context">The request they came with.</param>
    /// <param name="credentials">What follows the first word of the header; anything may be in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<LoginOutcome> AuthenticateAsync(HttpContext context, string credentials, CancellationToken cancellationToken);

    /// <summary>Whether a session made for <paramref name="name"/> earlier still stands; called on every request, so it asks nobody.</summary>
    bool StillAccepts(string name, string stamp);
}
