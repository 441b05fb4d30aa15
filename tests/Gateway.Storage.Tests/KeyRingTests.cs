using System.Security.Cryptography;
using Gateway.Storage.Encryption;

namespace Gateway.Storage.Tests;

public sealed class KeyRingTests
{
    [Fact]
    public void Seal_SameTextTwice_DiffersAndOpensUnderAnyKeyThatIsConfigured()
    {
        string old = KeyRing.NewKey();
        var ring = new KeyRing(old);
        byte[] first = ring.Seal("sécret", "here");
        Assert.NotEqual(first, ring.Seal("sécret", "here"));
        var both = new KeyRing($"{KeyRing.NewKey()};{old}");

        Assert.NotEqual(ring.First, both.First);
        Assert.True(both.Knows(ring.First));
        Assert.Equal("sécret", both.Open(first, ring.First, "here"));
    }

    [Fact]
    public void Open_ChangedCutOrMovedValue_IsRefused()
    {
        var ring = new KeyRing(KeyRing.NewKey());
        byte[] value = ring.Seal("secret", "here");
        for (int i = 0; i < value.Length; i++)
        {
            byte[] changed = [.. value];
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => ring.Open(changed, ring.First, "here"));
        }

        Assert.ThrowsAny<CryptographicException>(() => ring.Open(value[..20], ring.First, "here"));
        Assert.ThrowsAny<CryptographicException>(() => ring.Open(value, ring.First, "there"));
    }
}
