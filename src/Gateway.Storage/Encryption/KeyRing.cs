using System.Security.Cryptography;
using System.Text;

namespace Gateway.Storage.Encryption;

/// <summary>AES-256-GCM under configured keys: the first encrypts, all decrypt.</summary>
internal sealed class KeyRing
{
    /// <summary>What a configured value must be.</summary>
    public const string Allowed = "one or more keys of 32 bytes in base64, separated by ';'";

    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">The text is not <see cref="Allowed"/>.</exception>
    public KeyRing(string keys)
    {
        if (Failure(keys) is { } failure)
        {
            throw new FormatException(failure);
        }

        foreach (string text in Split(keys))
        {
            byte[] key = Convert.FromBase64String(text);
            string id = Fingerprint(key);
            _keys.TryAdd(id, key);
            First ??= id;
        }
    }

    /// <summary>Fingerprint of the key that encrypts.</summary>
    public string First { get; } = null!;

    /// <summary>What is wrong with a configured value, without showing it; null: nothing.</summary>
    public static string? Failure(string keys)
    {
        var parts = Split(keys);
        Span<byte> buffer = stackalloc byte[256];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!Convert.TryFromBase64String(parts[i], buffer, out int length) || length != KeySize)
            {
                return $"key {i + 1} of {parts.Length} is not 32 bytes in base64; needed are {Allowed}.";
            }
        }

        return parts.Length == 0 ? $"no key is set; needed are {Allowed}." : null;
    }

    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize));

    public bool Knows(string id) => _keys.ContainsKey(id);

    /// <summary>Encrypts under the first key. The context must be the same to decrypt, so that a value cannot be moved to another row or column.</summary>
    public byte[] Seal(string plain, string context)
    {
        byte[] text = Encoding.UTF8.GetBytes(plain);
        byte[] result = new byte[NonceSize + TagSize + text.Length];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceSize));
        using var aes = new AesGcm(_keys[First], TagSize);
        aes.Encrypt(result.AsSpan(0, NonceSize), text, result.AsSpan(NonceSize + TagSize), result.AsSpan(NonceSize, TagSize), Encoding.UTF8.GetBytes(context));
        CryptographicOperations.ZeroMemory(text);
        return result;
    }

    /// <exception cref="CryptographicException">The value was changed, or belongs to another row.</exception>
    public string Open(byte[] value, string id, string context)
    {
        if (value.Length < NonceSize + TagSize)
        {
            throw new CryptographicException($"The encrypted value of {context} is cut short.");
        }

        byte[] text = new byte[value.Length - NonceSize - TagSize];
        using var aes = new AesGcm(_keys[id], TagSize);
        aes.Decrypt(value.AsSpan(0, NonceSize), value.AsSpan(NonceSize + TagSize), value.AsSpan(NonceSize, TagSize), text, Encoding.UTF8.GetBytes(context));
        return Encoding.UTF8.GetString(text);
    }

    private static string[] Split(string keys) => keys.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // Keys are random, so a hash of one tells nothing about it.
    private static string Fingerprint(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 8));
}
