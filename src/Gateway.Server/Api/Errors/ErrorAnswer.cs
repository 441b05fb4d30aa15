using System.Text.Json;
using Gateway.Server.Api.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Server.Api.Errors;

/// <summary>Answers with an error: as JSON, and in the status line for readers who see nothing else.</summary>
internal static class ErrorAnswer
{
    private const string RetryAfterSeconds = "5";
    private const int LongestReason = 200;

    /// <summary>Writes the answer, or ends the connection when another one has begun. Headers that are set already, such as challenges and cookies, stay.</summary>
    public static async Task WriteAsync(HttpContext http, int status, string sentence)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable && http.Response.Headers.RetryAfter.Count == 0)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (!ShownByClient(status) && http.Features.Get<IHttpResponseFeature>() is { } response)
        {
            response.ReasonPhrase = Reason(sentence);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(sentence), ApiJson.Answers.ErrorBody);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
        }
    }

    // The standard client shows the body of these; of the others it shows the status line alone.
    private static bool ShownByClient(int status) => status is 404 or 409 or 422;

    /// <summary>Printable ASCII on one line (RFC 9112, section 4), so that nothing quoted in a sentence can begin a header.</summary>
    internal static string Reason(string sentence) => string.Create(Math.Min(sentence.Length, LongestReason), sentence, static (reason, text) =>
    {
        for (var i = 0; i < reason.Length; i++)
        {
            reason[i] = text[i] is >= ' ' and <= '~' ? text[i] : '?';
        }
    });
}
