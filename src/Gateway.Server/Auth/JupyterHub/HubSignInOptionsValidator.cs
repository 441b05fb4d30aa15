using System.Buffers;
using Gateway.Server.Auth.Browser;

namespace Gateway.Server.Auth.JupyterHub;

internal static class HubSignInOptionsValidator
{
    private const string Section = $"{AuthOptions.Section}:JupyterHub:SignIn";

    private static readonly SearchValues<char> NotInAddresses = SearchValues.Create("?#\\\"<>");

    public static void Check(HubSignInOptions options, List<string> failures)
    {
        if (options.Enabled is false)
        {
            return;
        }

        if (options.Enabled is true)
        {
            failures.AddRange(options.Missing().Select(missing => $"{Section}:Enabled is true, which needs {Section}:{missing}."));
        }

        if (!string.IsNullOrEmpty(options.HubUrl) && !IsAddress(options.HubUrl))
        {
            failures.Add($"{Section}:HubUrl is '{options.HubUrl}'; allowed is a URL such as https://hub.example.org/hub, or a path such as /hub when the Hub is on the gateway's own host.");
        }

        if (!string.IsNullOrEmpty(options.RedirectUri) && !(IsAddress(options.RedirectUri) && options.RedirectUri.EndsWith(BrowserEndpoints.CallbackPath, StringComparison.Ordinal)))
        {
            failures.Add($"{Section}:RedirectUri is '{options.RedirectUri}'; allowed is the service's oauth_redirect_uri, a URL or a path that ends in {BrowserEndpoints.CallbackPath}.");
        }

        if (!string.IsNullOrEmpty(options.ClientId) && !IsPrintable(options.ClientId))
        {
            failures.Add($"{Section}:ClientId is '{options.ClientId}'; allowed are up to 1024 printable characters of ASCII without spaces.");
        }

        if (!string.IsNullOrEmpty(options.Token) && !string.IsNullOrEmpty(options.TokenFile))
        {
            failures.Add($"{Section}:Token and {Section}:TokenFile are both set; one of them is allowed.");
        }

        CheckToken(options, failures);
    }

    private static void CheckToken(HubSignInOptions options, List<string> failures)
    {
        int before = failures.Count;
        AuthOptionsValidator.CheckFile("JupyterHub:SignIn:TokenFile", options.TokenFile, failures);
        if (failures.Count == before && options.ReadToken() is { } token && (!string.IsNullOrEmpty(options.TokenFile) || token.Length > 0) && !IsPrintable(token))
        {
            failures.Add($"{Section}:{(string.IsNullOrEmpty(options.TokenFile) ? "Token" : "TokenFile")} does not hold a token: allowed are 1 to 1024 printable characters of ASCII without spaces.");
        }
    }

    private static bool IsAddress(string text) =>
        IsPrintable(text) && !text.AsSpan().ContainsAny(NotInAddresses)
        && (text[0] == '/' ? Navigation.IsLocal(text) : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0);

    private static bool IsPrintable(string text) => text.Length is > 0 and <= 1024 && text.All(c => c is > ' ' and <= '~');
}
