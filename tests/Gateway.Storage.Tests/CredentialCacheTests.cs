using Gateway.Core.Store;
using Gateway.Storage.Clusters;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Storage.Tests;

public sealed class CredentialCacheTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CredentialCache _cache;

    public CredentialCacheTests() => _cache = new(_time);

    [Fact]
    public void Kept_AreFoundForAMinute()
    {
        var credentials = new ClusterCredentials("certificate", "key", "token");
        _cache.Keep("a", credentials);

        Assert.Same(credentials, _cache.Find("a"));
        Assert.Null(_cache.Find("b"));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Same(credentials, _cache.Find("a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_cache.Find("a"));
    }

    [Fact]
    public void ManyKept_AreNeverMoreThanAThousand()
    {
        for (int i = 0; i < 5000; i++)
        {
            _cache.Keep($"c{i}", new ClusterCredentials("", "", ""));
        }

        Assert.NotNull(_cache.Find("c4999"));
        Assert.InRange(Enumerable.Range(0, 5000).Count(i => _cache.Find($"c{i}") is not null), 1, 1000);
    }
}
