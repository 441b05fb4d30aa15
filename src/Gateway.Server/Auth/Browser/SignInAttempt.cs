namespace Gateway.Server.Auth.Browser;

/// <summary>One browser on its way to an authorization server and back.</summary>
/// <param name="State">Goes along in the URL and comes back: only we can make one or read it.</param>
/// <param name="Verifier">The secret in the browser's cookie, which is what the server is shown at the end (PKCE, RFC 7636).</param>
/// <param name="Challenge">Its SHA-256 in base64url: sealed into the state, and told to the server at the beginning.</param>
/// <param name="Callback">The address that the browser is sent back to.</param>
/// <param name="Next">The path to show in the end, on this gateway.</param>
internal sealed record SignInAttempt(string State, string Verifier, string Challenge, string Callback, string Next);
