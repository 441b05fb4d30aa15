namespace Gateway.Server.Auth.Modes;

/// <summary>How a sign-in ended: <see cref="SignedIn"/> or <see cref="Refused"/>.</summary>
internal abstract record LoginOutcome
{
    /// <summary>The user is who they say.</summary>
    public sealed record SignedIn(Login Login) : LoginOutcome;

    /// <summary>The user may not come in, or it could not be found out.</summary>
    /// <param name="Status">401 when other credentials may help, else another status of 400 or more.</param>
    /// <param name="Sentence">For the user; no secret.</param>
    /// <param name="RetryAfter">When another attempt makes sense.</param>
    public sealed record Refused(int Status, string Sentence, TimeSpan? RetryAfter = null) : LoginOutcome;
}
