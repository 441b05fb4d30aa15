using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Server.Api.Json;

/// <summary>An answer of a known type, written whole: its length is known, and it goes out with its headers.</summary>
/// <param name="value">What it says.</param>
/// <param name="type">How that is written.</param>
/// <param name="status">The status code.</param>
internal sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> type, int status) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        return JsonAnswers.WriteAsync(httpContext, JsonSerializer.SerializeToUtf8Bytes(value, type), httpContext.RequestAborted);
    }
}
