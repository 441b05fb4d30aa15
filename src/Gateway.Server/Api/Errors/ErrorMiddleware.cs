using System.Diagnostics;
using Gateway.Core;
using Gateway.Core.Backends;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Errors;

/// <summary>Turns everything that goes wrong into an error that its reader understands.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    private const string RetryAfterSeconds = "5";

    public async Task InvokeAsync(HttpContext http)
    {
        var isApi = http.Request.Path.StartsWithSegments("/api");
        if (isApi)
        {
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers.CacheControl = "no-store";
        }

        try
        {
            await next(http);
            if (isApi || http.GetEndpoint() is null)
            {
                // What a dashboard answers is its own affair.
                await ExplainAsync(http);
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer, and whatever broke off did so because of that.
            LogAborted(http.Request.Method, http.Request.Path.Value);
        }
        catch (PublicException e)
        {
            await ErrorAnswer.WriteAsync(http, e.Status, e.Message);
        }
        catch (StoreUnavailableException e)
        {
            LogStoreUnavailable(http.Request.Method, http.Request.Path, e.Message);
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"The gateway's database does not answer, try again in a moment: {e.Message}");
        }
        catch (BackendUnavailableException e)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"The batch system does not answer, try again in a moment: {e.Message}");
        }
        catch (MissingKeyException e)
        {
            LogMissingKey(e, http.Request.Path);
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "This cluster's secrets are encrypted under a key that the gateway no longer has; tell an administrator.");
        }
        catch (BadHttpRequestException e)
        {
            await ErrorAnswer.WriteAsync(http, e.StatusCode, e.Message);
        }
        catch (Exception e)
        {
            LogUnexpected(e, http.Request.Method, http.Request.Path);
            var trace = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status500InternalServerError, $"Something went wrong inside the gateway. An administrator can find it in the log by {trace}.");
        }
    }

    // Routing and authorization answer with a bare status.
    private static Task ExplainAsync(HttpContext http)
    {
        var response = http.Response;
        if (response.StatusCode < 400 || response.HasStarted || response.ContentLength is not null || response.ContentType is not null)
        {
            return Task.CompletedTask;
        }

        return ErrorAnswer.WriteAsync(http, response.StatusCode, response.StatusCode switch
        {
            StatusCodes.Status401Unauthorized => "Authentication is required.",
            StatusCodes.Status403Forbidden => "This is not allowed.",
            StatusCodes.Status404NotFound => "There is nothing at this path: the API is below /api, dashboards are below /clusters/NAME/.",
            StatusCodes.Status405MethodNotAllowed => $"Method {http.Request.Method} is not allowed here. Allowed: {response.Headers.Allow}.",
            StatusCodes.Status413PayloadTooLarge => "The body is too large.",
            StatusCodes.Status415UnsupportedMediaType => "The body's type is not supported: it must be application/json.",
            var status => $"The request failed with status {status}.",
        });
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Client of {Method} {Path} went away")]
    private partial void LogAborted(string method, string? path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Database did not answer for {Method} {Path}: {Reason}")]
    private partial void LogStoreUnavailable(string method, string path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Secrets needed for {Path} are encrypted under a key that is not configured")]
    private partial void LogMissingKey(Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected failure of {Method} {Path}")]
    private partial void LogUnexpected(Exception exception, string method, string path);
}
