using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Core;
using Gateway.Core.Options;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Server.Api.Json;

/// <summary>A request's body, whole and of bounded length, in a rented buffer.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBuffer = 4096;

    // A length is only what a caller says: no more than this is rented on its word.
    private const int LargestTrustedLength = 1 << 16;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    private byte[] _buffer;
    private int _length;

    private RequestBody(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>The bytes, until this is disposed.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <summary>Reads all of it.</summary>
    /// <exception cref="PublicException">413: it is longer than <paramref name="max"/> bytes.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int max, CancellationToken cancellationToken)
    {
        if (request.ContentLength > max)
        {
            throw TooLarge(max);
        }

        // The web server has a limit of its own, which may be lower than what is configured here.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = null;
        }

        var body = new RequestBody((int)Math.Clamp(request.ContentLength ?? 0, FirstBuffer, LargestTrustedLength));
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(cancellationToken);
                try
                {
                    body.Append(read.Buffer, max);
                }
                finally
                {
                    // Even where it is too long: the server reads on to the end, and cannot within a reading of ours.
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                }

                if (read.IsCompleted)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Reads a body that must be a JSON object.</summary>
    /// <exception cref="PublicException">413: too long; 422: no JSON object.</exception>
    public static async ValueTask<JsonDocument> ReadObjectAsync(HttpRequest request, int max, CancellationToken cancellationToken)
    {
        using var body = await ReadAsync(request, max, cancellationToken);
        if (!Utf8.IsValid(body.Span))
        {
            throw new PublicException(422, "The body must be a JSON object in UTF-8; it is not valid UTF-8.");
        }

        JsonDocument document;
        try
        {
            // The document outlives the rented buffer, so it gets a copy.
            document = JsonDocument.Parse(body.Span.ToArray(), Strict);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member's name with a lone surrogate, met while looking for doubles.
            throw NotJson(e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        using (document)
        {
            throw new PublicException(422, $"The body must be a JSON object, got {JsonText.Show(document.RootElement)}.");
        }
    }

    /// <summary>The error for what is no JSON.</summary>
    public static PublicException NotJson(Exception cause) => new(422, $"The body must be a JSON object; it is not valid JSON: {JsonText.Show(cause.Message, 200)}");

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Append(ReadOnlySequence<byte> bytes, int max)
    {
        if (bytes.Length > max - _length)
        {
            throw TooLarge(max);
        }

        var length = _length + (int)bytes.Length;
        if (length > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(length, 2L * _buffer.Length), max));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = length;
    }

    private static PublicException TooLarge(int max) => new(413, $"The body is too large: at most {MemorySize.Format(max)} are allowed");
}
