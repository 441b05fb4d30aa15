using Gateway.Proxy.Dashboards;
using Gateway.Server.Api.Errors;

namespace Gateway.Server.Auth.Browser;

/// <summary>Says no in the reader's language: a page for people, else JSON and the status line.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext context, int status, string sentence) => !Navigation.Is(context.Request) || context.Response.HasStarted
        ? ErrorAnswer.WriteAsync(context, status, sentence)
        : NoticePage.WriteAsync(context, status, TitleOf(status), Sentence(sentence), status >= 500 ? "Reload this page in a moment." : "An administrator of the gateway can tell more.");

    /// <summary>A sentence as it stands on a page.</summary>
    public static string Sentence(string text) => text is [.., '.' or '?'] ? text : text + ".";

    private static string TitleOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "Not signed in",
        StatusCodes.Status403Forbidden => "Not allowed",
        StatusCodes.Status429TooManyRequests => "Too many attempts",
        >= 500 => "Not available at the moment",
        _ => "Not possible",
    };
}
