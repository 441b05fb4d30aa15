using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Server.Auth;

/// <summary>
/// Answers with an error sentence: as <c>{"error": "…"}</c>, and as the status line's reason, which is all that the standard client shows
/// of a 401, 403, 429, 502 or 503.
/// </summary>
internal static partial class AuthError
{
    private const int LongestReason = 200;
    private const string RetryAfterSeconds = "5";

    public static Task WriteAsync(HttpContext context, int status, string sentence)
    {
        if (context.Response.HasStarted)
        {
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable && context.Response.Headers.RetryAfter.Count == 0)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (context.Features.Get<IHttpResponseFeature>() is { } feature)
        {
            feature.ReasonPhrase = Reason(sentence);
        }

        return context.Response.WriteAsJsonAsync(new Body(sentence), Json.Default.Body, contentType: null, context.RequestAborted);
    }

    /// <summary>Printable ASCII on one line (RFC 9112, section 4): whatever a sentence quotes cannot add a header.</summary>
    internal static string Reason(string sentence) =>
        string.Create(Math.Min(sentence.Length, LongestReason), sentence, static (reason, text) =>
        {
            for (var i = 0; i < reason.Length; i++)
            {
                reason[i] = text[i] is >= ' ' and <= '~' ? text[i] : '?';
            }
        });

    internal sealed record Body(string Error);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Body))]
    private sealed partial class Json : JsonSerializerContext;
}
