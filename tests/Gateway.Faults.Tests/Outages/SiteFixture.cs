using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Outages;

/// <summary>One site for tests that leave it as they found it.</summary>
public class SiteFixture : IAsyncLifetime
{
    private GatewaySite? _site;

    internal GatewaySite Site
    {
        get
        {
            if (_site is null)
            {
                Assert.Skip(GatewaySite.Missing!);
            }

            return _site;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (GatewaySite.Missing is null)
        {
            _site = await StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected virtual Task<GatewaySite> StartAsync() =>
        GatewaySite.StartAsync(2, new Dictionary<string, string> { ["Lifecycle:HeartbeatTimeout"] = "00:00:06" }, CancellationToken.None);
}
