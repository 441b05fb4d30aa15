using System.Text.Json.Serialization.Metadata;

namespace Gateway.Server.Api.Json;

/// <summary>Answers in JSON.</summary>
internal static class JsonAnswers
{
    /// <summary>An answer of a known type.</summary>
    public static JsonAnswer<T> Answer<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        new(value, type, status);

    /// <summary>An answer that was made beforehand.</summary>
    public static Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = json.Length;
        return http.Response.BodyWriter.WriteAsync(json, cancellationToken).AsTask();
    }
}
