using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Store;
using Gateway.Server.Api.Errors;
using Gateway.Server.Caching;
using Microsoft.Extensions.Primitives;

namespace Gateway.Server.Auth.ClusterToken;

/// <summary>Checks the tokens that schedulers come with. Made for heartbeats: for a known cluster it asks nobody and keeps nothing.</summary>
internal sealed class ClusterTokens(IClusterStore store, TimeProvider time)
{
    public const string Challenge = "token";

    // 63 bytes fit a DNS label with its prefix; what is longer names no cluster and is not worth a query.
    private const int LongestName = 63;
    private const int LongestToken = 512;
    private const int Capacity = 20_000;
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly BoundedCache<string, TokenRecord> _records = new(Capacity, time);

    /// <summary>Whether an <c>Authorization</c> header is of the form that schedulers send.</summary>
    public static bool IsToken(StringValues header) =>
        AuthorizationHeader.TryRead(header, out var scheme, out _) && scheme.Equals(Challenge, StringComparison.OrdinalIgnoreCase);

    /// <summary>Answers 401 with <c>WWW-Authenticate: token</c>.</summary>
    public static Task ChallengeAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = Challenge;
        return ErrorAnswer.WriteAsync(context, StatusCodes.Status401Unauthorized, "The token of this cluster is required");
    }

    /// <summary>Whether <paramref name="header"/> is <c>token T</c> with T the token of cluster <paramref name="name"/>.</summary>
    /// <exception cref="StoreUnavailableException">The cluster is not remembered and the database does not answer.</exception>
    public ValueTask<bool> ValidateAsync(string? name, StringValues header, CancellationToken cancellationToken)
    {
        if (name is not { Length: > 0 and <= LongestName } || name.AsSpan().ContainsAnyExcept(NameCharacters) || !IsToken(header))
        {
            return ValueTask.FromResult(false);
        }

        return _records.TryGet(name, out var record)
            ? ValueTask.FromResult(Fits(record, header))
            : LookUpAsync(name, header, cancellationToken);
    }

    private async ValueTask<bool> LookUpAsync(string name, StringValues header, CancellationToken cancellationToken)
    {
        // Only clusters that exist are remembered: one that does not may be created the next moment. After a start all schedulers are unknown
        // at once; the store asks for many of them together.
        if (await store.TokenAsync(name, cancellationToken) is not { } record)
        {
            return false;
        }

        _records.Set(name, record, Lifetime);
        return Fits(record, header);
    }

    private static bool Fits(TokenRecord record, StringValues header)
    {
        if (!AuthorizationHeader.TryRead(header, out _, out var token) || token.Length is 0 or > LongestToken)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[LongestToken * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(token, bytes)], hash);
        return CryptographicOperations.FixedTimeEquals(hash, record.Hash.Span);
    }
}
