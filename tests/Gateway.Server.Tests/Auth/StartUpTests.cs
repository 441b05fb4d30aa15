using Gateway.Core.People;
using Gateway.Server.Auth;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Tests.Auth;

public sealed class StartUpTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("http://127.0.0.1:8000")]
    [InlineData("https://localhost:8000/")]
    [InlineData("http://[::1]:8000")]
    [InlineData("127.0.0.5:8000")]
    [InlineData("[::1]:8000")]
    [InlineData("http://unix:/run/gateway.sock")]
    public async Task Unset_OnLoopback_LetsAnybodyIn(string address)
    {
        await using var host = await AuthHost.StartAsync();

        host.Services.GetRequiredService<ExposureCheck>().Verify([address]);

        using var client = host.CreateClient();
        using var response = await client.GetAsync("/who", AuthHost.Basic("alice", ""));
        Assert.Equal("alice", (await response.VisitorAsync()).Name);
    }

    [Theory]
    [InlineData("http://0.0.0.0:8000")]
    [InlineData("http://[::]:8000")]
    [InlineData("http://*:8000")]
    [InlineData("http://+:8000")]
    [InlineData("http://gateway.example:8000")]
    [InlineData("https://192.168.1.5")]
    [InlineData("http://localhost.example:80")]
    [InlineData("http://127.0.0.1.example:80")]
    [InlineData("http://[2001:db8::1]:80")]
    [InlineData("10.0.0.1:8000")]
    [InlineData("")]
    public async Task Unset_OutsideLoopback_RefusesToStart(string address)
    {
        await using var host = await AuthHost.StartAsync();
        await using var basic = await AuthHost.StartAsync(("Authentication:Mode", "basic"));

        var unset = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<ExposureCheck>().Verify(["http://127.0.0.1:1", address]));
        var anybody = Assert.Throws<OptionsValidationException>(() => basic.Services.GetRequiredService<ExposureCheck>().Verify(["http://127.0.0.1:1", address]));

        Assert.Contains("Authentication:Mode is not set", unset.Message, StringComparison.Ordinal);
        Assert.Contains("Authentication:Basic:AllowAnyUser=true", anybody.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authentication:Basic:AllowAnyUser", "true")]
    [InlineData("Authentication:Basic:Password", "secret")]
    public async Task Basic_WithAPasswordOrLeave_MayListenAnywhere(string key, string value)
    {
        await using var host = await AuthHost.StartAsync(("Authentication:Mode", "basic"), (key, value));

        Assert.Null(Record.Exception(() => host.Services.GetRequiredService<ExposureCheck>().Verify(["http://0.0.0.0:8000"])));
    }

    [Theory]
    [InlineData("Authentication:Mode", "kerberos", "Authentication:Mode is 'kerberos'; allowed are basic and jupyterhub.")]
    [InlineData("Authentication:Mode", "jupyterhub", "Authentication:JupyterHub:ApiUrl (or JUPYTERHUB_API_URL) must be set")]
    [InlineData("Authentication:Basic:UsersFile", "/no/such/file", "Authentication:Basic:UsersFile names the file '/no/such/file'")]
    [InlineData("Authentication:Basic:PasswordFile", "{file}", "which is empty")]
    [InlineData("Authentication:Basic:MaxFailures", "0", "Authentication:Basic:MaxFailures is 0; allowed are 1 to 1000000.")]
    [InlineData("Authentication:Basic:FailureWindow", "2.00:00:00", "Authentication:Basic:FailureWindow is 2.00:00:00")]
    [InlineData("Authentication:Session:Lifetime", "00:00:00", "Authentication:Session:Lifetime is 00:00:00")]
    [InlineData("Authentication:Session:CookieName", "a b", "Authentication:Session:CookieName is 'a b'")]
    [InlineData("Accounts:Mode", "other", "Accounts:Mode is 'other'; allowed are name, map and fixed.")]
    [InlineData("Accounts:Mode", "fixed", "Accounts:Fixed must name an account")]
    [InlineData("Accounts:Map:alice", "root", "Accounts:Map:alice is 'root'")]
    public async Task WrongValue_StopsTheStart_NamingKeyAndWhatIsAllowed(string key, string value, string expected)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => AuthHost.StartAsync((key, value.Replace("{file}", _file, StringComparison.Ordinal))));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JupyterHub_WrongValues_AreAllNamedAtOnce()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", "hub:8081"), ("Authentication:JupyterHub:CacheSize", "0"),
            ("Authentication:JupyterHub:CertFile", _file), ("Authentication:JupyterHub:Timeout", "00:00:00")));
        var empty = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(
            ("Authentication:Mode", "jupyterhub"), ("Authentication:JupyterHub:ApiUrl", "http://hub"), ("Authentication:JupyterHub:CaFile", _file)));

        foreach (var key in new[] { "ApiUrl", "CacheSize", "KeyFile", "Timeout" })
        {
            Assert.Contains($"Authentication:JupyterHub:{key}", failure.Message, StringComparison.Ordinal);
        }

        Assert.Contains("no certificate", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UsersFile_Mistakes_AreNamedByLine_WithoutQuotingHashes()
    {
        await File.WriteAllTextAsync(_file, "alice\nbob:hunter2\ncarol:\ndave:$pbkdf2-sha256$i=1$AAAA$AAAA:g:root\n:x\n", TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => AuthHost.StartAsync(("Authentication:Mode", "basic"), ("Authentication:Basic:UsersFile", _file)));

        foreach (var line in Enumerable.Range(1, 5))
        {
            Assert.Contains($"line {line}:", failure.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", "alice", "alice")]
    [InlineData("name", "Alice", null)]
    [InlineData("name", "root", null)]
    [InlineData("name", "alice\n", null)]
    [InlineData("name", "a;rm -rf", null)]
    [InlineData("name", "-rf", null)]
    [InlineData("map", "bob", "robert")]
    [InlineData("map", "BOB", null)]
    [InlineData("map", "alice", null)]
    [InlineData("fixed", "anybody at all", "dask")]
    public async Task Account_OfACaller_IsAsConfigured_OrASentenceWhy(string mode, string user, string? expected)
    {
        await using var host = await AuthHost.StartAsync(("Accounts:Mode", mode), ("Accounts:Map:bob", "robert"), ("Accounts:Fixed", "dask"));
        var accounts = host.Services.GetRequiredService<AccountMap>();
        var caller = new Caller { UserId = Guid.NewGuid(), Name = user };

        if (expected is null)
        {
            var failure = Assert.Throws<Core.PublicException>(() => accounts.Resolve(caller));
            Assert.Equal(422, failure.Status);
            Assert.Contains("an administrator", failure.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(expected, accounts.Resolve(caller));
        }
    }
}
