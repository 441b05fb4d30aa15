using Gateway.Proxy.Configuration;
using Gateway.Proxy.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tests.Configuration;

public sealed class ProxyOptionsTests
{
    [Theory]
    [InlineData("IdleTimeout", "5", "Proxy:IdleTimeout is '5'; allowed is a duration (hours:minutes:seconds) from 00:00:01 to 365.00:00:00, or 00:00:00 for none")]
    [InlineData("SpinTime", "00:00:01", "Proxy:SpinTime is '00:00:01'; allowed is a duration (hours:minutes:seconds) from 00:00:00 to 00:00:00.0010000")]
    [InlineData("HandshakeTimeout", "00:00:00", "Proxy:HandshakeTimeout is '00:00:00'; allowed is a duration (hours:minutes:seconds) from 00:00:00.1000000 to 00:05:00")]
    [InlineData("Loops", "many", "Proxy:Loops is 'many'; allowed is a whole number from 0 to 64")]
    [InlineData("Limits:MaxConnections", "-1", "Proxy:Limits:MaxConnections is '-1'; allowed is a whole number from 0 to 1000000")]
    [InlineData("Relay", "fast", "Proxy:Relay is 'fast'; allowed is one of auto, splice, copy")]
    [InlineData("Relay", "1", "Proxy:Relay is '1'; allowed is one of auto, splice, copy")]
    [InlineData("SchedulerEndpoint", "8786", "Proxy:SchedulerEndpoint is '8786'; allowed is an address and a port, such as 0.0.0.0:8786 or [::]:8786")]
    [InlineData("ProxyProtocolSources:1", "10.0.0.0/99", "Proxy:ProxyProtocolSources:1 is '10.0.0.0/99'; allowed is an address or a network, such as 10.0.0.0/8")]
    [InlineData("TrustedProxies", "10.0.0.1", "Proxy:TrustedProxies is '10.0.0.1'; allowed is a list")]
    [InlineData("Dashboards:FrameAncestors", "'self'; script-src *", "Proxy:Dashboards:FrameAncestors is ''self'; script-src *'; allowed is sources of a frame-ancestors policy, such as 'self' https://hub.example.org")]
    [InlineData("Dashboards:Origin", "https://dash.example/x", "Proxy:Dashboards:Origin is 'https://dash.example/x'; allowed is scheme and host, such as https://dashboards.example.org")]
    [InlineData("Dashboards:Origin", "dash.example", "Proxy:Dashboards:Origin is 'dash.example'; allowed is scheme and host, such as https://dashboards.example.org")]
    [InlineData("KeepAlive:Tine", "1", "Proxy:KeepAlive:Tine is not a key of this section; its keys are Time, Interval, Probes, UserTimeout")]
    public void Read_WrongValue_NamesKeyValueAndWhatIsAllowed(string key, string value, string message)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read((key, value)));

        Assert.Equal(message, Assert.Single(error.Failures));
    }

    [Fact]
    public void Read_SeveralWrong_TellsAll()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(("Loops", "x"), ("Limits:MaxConnectionsPerSource", "y"), ("Unknown", "z")));

        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public void Read_RightValues_AreTaken()
    {
        var options = Read(
            ("SchedulerEndpoint", "[::]:8786"), ("Relay", "COPY"), ("IdleTimeout", "1.00:00:00"), ("HalfCloseTimeout", "00:00:00"),
            ("ProxyProtocolSources:0", "fd00::/8"), ("KeepAlive:Probes", "9"), ("Dashboards:PrivateCookies:0", "session*"));

        Assert.Equal("[::]:8786", options.SchedulerEndpoint);
        Assert.Equal(RelayMode.Copy, options.Relay);
        Assert.Equal((TimeSpan.FromDays(1), TimeSpan.Zero), (options.IdleTimeout, options.HalfCloseTimeout));
        Assert.Equal(["fd00::/8"], options.ProxyProtocolSources);
        Assert.Equal(["session*"], options.Dashboards.PrivateCookies);
        Assert.Equal(9, options.KeepAlive.Probes);
    }

    [Fact]
    public async Task Start_WrongValue_RefusesToStart()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ProxyHost.StartAsync(RelayMode.Auto, [("ConnectTimeout", "soon")]));

        Assert.Contains("Proxy:ConnectTimeout is 'soon'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SchedulerEndpointTaken_SaysWhich()
    {
        await using var far = FarEnd.Echo();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ProxyHost.StartAsync(RelayMode.Auto, [("SchedulerEndpoint", $"127.0.0.1:{far.Port}")]));

        Assert.Contains($"Proxy:SchedulerEndpoint: cannot listen on '127.0.0.1:{far.Port}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_OptionsOfTheHost_FollowOurs()
    {
        await using var proxy = await ProxyHost.StartAsync(RelayMode.Auto, [("DrainTime", "00:02:00"), ("TrustedProxies:0", "10.0.0.0/8")]);
        await using var plain = await ProxyHost.StartAsync(RelayMode.Auto);

        var headers = proxy.App.Services.GetRequiredService<IOptions<ForwardedHeadersOptions>>().Value;
        Assert.Equal(TimeSpan.FromSeconds(130), proxy.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        Assert.Equal(("10.0.0.0/8", ForwardedHeaders.All), (Assert.Single(headers.KnownIPNetworks).ToString(), headers.ForwardedHeaders));
        Assert.Equal(ForwardedHeaders.None, plain.App.Services.GetRequiredService<IOptions<ForwardedHeadersOptions>>().Value.ForwardedHeaders);
    }

    private static ProxyOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"Proxy:{s.Key}", (string?)s.Value))).Build();
        var options = new ProxyOptions();
        ProxyOptionsReader.Read(configuration.GetSection("Proxy"), options);
        return options;
    }
}
