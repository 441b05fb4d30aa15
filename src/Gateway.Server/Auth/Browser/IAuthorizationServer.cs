using Gateway.Server.Auth.Modes;

namespace Gateway.Server.Auth.Browser;

/// <summary>Somebody else's page on which people sign in, and which sends their browser back with a code (OAuth 2, RFC 6749, section 4.1).</summary>
/// <remarks>State, cookies, the way back and the session are the same for all of them and are <see cref="BrowserSignIn"/>'s affair.</remarks>
internal interface IAuthorizationServer
{
    /// <summary>What people know it by, for pages.</summary>
    string Title { get; }

    /// <summary>Where it lets people sign out; null: nowhere.</summary>
    string? SignOutPage { get; }

    /// <summary>The address it sends browsers back to, as it has been told: it compares letter by letter.</summary>
    string CallbackFor(HttpRequest request);

    /// <summary>The page to send a browser to, a URL or an absolute path.</summary>
    string PageFor(SignInAttempt attempt);

    /// <summary>Finds out who came back.</summary>
    /// <param name="code">What came in the query; printable ASCII.</param>
    /// <param name="attempt">The attempt it belongs to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The user, or why not: 4xx when another attempt may help or never will, 502 or 503 when the server is to blame.</returns>
    Task<LoginOutcome> RedeemAsync(string code, SignInAttempt attempt, CancellationToken cancellationToken);
}
