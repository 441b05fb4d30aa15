using System.Security.Cryptography;
using System.Text;
using Gateway.Core;
using Gateway.Server.Caching;

namespace Gateway.Server.Auth.Basic;

/// <summary>
/// Compares passwords with stored hashes. That is slow on purpose, so it happens off the request's thread, few at a time, once for all who
/// come with the same credentials at the same time, and not again for a while when they were right.
/// </summary>
internal sealed class PasswordCheck(TimeProvider time) : IDisposable
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan ProofLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    // Only this process can tell what the keys of the cache stand for.
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly BoundedCache<string, bool> _proofs = new(Capacity, time);
    private readonly Coalescer<string, bool> _running = new();
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount / 2));

    // Compared with for unknown users, so that the time does not tell who exists.
    private readonly PasswordHash _nobody = new(PasswordHash.DefaultIterations, RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(32));

    /// <exception cref="PublicException">503: too many are waiting.</exception>
    public async ValueTask<bool> FitsAsync(string user, PasswordHash? hash, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var key = KeyOf(user, hash, password.Span);
        return _proofs.TryGet(key, out _) || await _running.RunAsync(key, () => CompareAsync(key, hash, password), cancellationToken);
    }

    public void Dispose() => _slots.Dispose();

    private async Task<bool> CompareAsync(string key, PasswordHash? hash, ReadOnlyMemory<byte> password)
    {
        if (!await _slots.WaitAsync(LongestWait, CancellationToken.None))
        {
            throw new PublicException(StatusCodes.Status503ServiceUnavailable, "Too many people sign in at the moment: try again in a few seconds");
        }

        try
        {
            var fits = (hash ?? _nobody).Fits(password.Span) && hash is not null;
            if (fits)
            {
                _proofs.Set(key, true, ProofLifetime);
            }

            return fits;
        }
        finally
        {
            _slots.Release();
        }
    }

    // The stored hash is part of the key: a new password makes old proofs worthless at once.
    private string KeyOf(string user, PasswordHash? hash, ReadOnlySpan<byte> password)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        mac.AppendData(Encoding.UTF8.GetBytes(user));
        mac.AppendData([0]);
        mac.AppendData(hash is null ? default : hash.Hash.Span);
        mac.AppendData([0]);
        mac.AppendData(password);
        return Convert.ToBase64String(mac.GetHashAndReset());
    }
}
