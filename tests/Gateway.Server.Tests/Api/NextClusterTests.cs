using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Gateway.Core.Options;
using Gateway.Server.Api.Clusters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Server.Tests.Api;

public sealed class NextClusterTests
{
    // As certificates are backdated.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    // Whole seconds, as certificates have them.
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));
    private readonly NextCluster _next;

    public NextClusterTests() =>
        _next = new(ClusterPolicy.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Clusters:CertificateLifetime", "10 d")]).Build()), _time, NullLogger<NextCluster>.Instance);

    [Fact]
    public async Task Take_AfterAPause_GivesOneThatWasMadeAhead()
    {
        _next.Take();
        Assert.False(_next.Preparing.IsCompleted);
        await PassPauseAsync();
        var made = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMinutes(59));

        using var ahead = Certificate(_next.Take());
        using var atOnce = Certificate(_next.Take());

        Assert.Equal(made - Backdated, ahead.NotBefore.ToUniversalTime());
        Assert.InRange(ahead.NotAfter.ToUniversalTime(), _time.GetUtcNow().AddDays(10), _time.GetUtcNow().AddDays(10).AddHours(1));
        Assert.Equal(_time.GetUtcNow() - Backdated, atOnce.NotBefore.ToUniversalTime());
    }

    [Fact]
    public async Task Take_AfterLong_IsMadeAnew()
    {
        _next.Take();
        await PassPauseAsync();
        _time.Advance(TimeSpan.FromHours(2));

        using var certificate = Certificate(_next.Take());

        Assert.Equal(_time.GetUtcNow() - Backdated, certificate.NotBefore.ToUniversalTime());
    }

    [Fact]
    public async Task Take_ManyAtOnce_GivesEachOut_Once()
    {
        var taken = new ConcurrentBag<(string Name, string Token, string Key)>();
        for (int round = 0; round < 5; round++)
        {
            Parallel.For(0, 20, _ =>
            {
                var (name, credentials) = _next.Take();
                taken.Add((name, credentials.Token, credentials.Key));
            });
            await PassPauseAsync();
        }

        Assert.Equal(100, taken.Select(t => t.Name).Distinct().Count());
        Assert.Equal(100, taken.Select(t => t.Token).Distinct().Count());
        Assert.Equal(100, taken.Select(t => t.Key).Distinct().Count());
    }

    private static X509Certificate2 Certificate((string Name, Gateway.Core.Store.ClusterCredentials Credentials) cluster)
    {
        var certificate = X509Certificate2.CreateFromPem(cluster.Credentials.Certificate);
        Assert.Equal($"CN={cluster.Name}", certificate.Subject);
        return certificate;
    }

    private Task PassPauseAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return _next.Preparing;
    }
}
