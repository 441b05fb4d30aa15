namespace Gateway.Server.Auth.Session;

internal static class SessionCookieOptionsValidator
{
    public static void Check(SessionCookieOptions options, List<string> failures)
    {
        // RFC 6265 calls for an HTTP token; letters, digits and the three marks are enough and need no quoting anywhere.
        if (options.CookieName is not { Length: > 0 and <= 64 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            failures.Add($"{AuthOptions.Section}:Session:CookieName is '{options.CookieName}'; allowed are 1 to 64 letters, digits, '-', '_' and '.'.");
        }

        AuthOptionsValidator.CheckTime("Session:Lifetime", options.Lifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365), failures);
    }
}
