using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Server.Api.Json;

/// <summary>An answer of a known type, written whole: its length is known, and it goes out with its headers.</summary>
/// <param name="Value">What it says.</param>
/// <param name="Type">How that is written.</param>
/// <param name="Status">The status code.</param>
internal sealed record JsonAnswer<T>(T Value, JsonTypeInfo<T> Type, int Status) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        return JsonAnswers.WriteAsync(httpContext, JsonSerializer.SerializeToUtf8Bytes(Value, Type), httpContext.RequestAborted);
    }
}
