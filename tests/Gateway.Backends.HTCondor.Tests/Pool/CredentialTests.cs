using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

public sealed class CredentialTests(PoolFixture pool) : PoolTest(pool)
{
    // From elsewhere: a job may change its folder.
    private const string ShowCredential = "cd /; cat \"$CRED\" >> \"$W/$N\"; stat -c ' %a' \"$CRED\" >> \"$W/$N\"";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task File_OfTheAccount_ReachesItsJobsAsAFile(bool spooled)
    {
        var proxies = Directory.CreateTempSubdirectory("proxies-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(proxies, "alice"), "cred-of-alice", Cancellation);
            var backend = Create([.. spooled ? PoolSettings.Token : [], ("Files:Credentials:0:Name", "scitoken"), ("Files:Credentials:0:File", proxies + "/{account}"), ("Files:Credentials:0:Variable", "CRED")]);
            var alice = Job(ShowCredential);
            var bob = Job(ShowCredential, account: "bob");

            var outcomes = await backend.StartAsync([alice, bob], Cancellation);

            Assert.Equal("The credential 'scitoken' of 'bob' is not there: make one, then try again.", Assert.IsType<StartOutcome.Refused>(outcomes[1]).Reason);
            await UntilAsync(() => Task.FromResult(Lines(alice.Name).Any(line => line.EndsWith(" 600", StringComparison.Ordinal))), () => "the job to run");
            Assert.Equal("cred-of-alice 600", Assert.Single(Lines(alice.Name)));
            Assert.DoesNotContain("cred-of-alice", (await Fixture.ExecAsync("root", "condor_history", "-l", "-constraint", $"DaskGatewayId == \"{GatewayId}\"")).Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(proxies, recursive: true);
        }
    }

    [Fact]
    public async Task Command_OfTheSite_IsAskedAgainWhenItsAnswerIsOld()
    {
        var count = Path.Combine(Directory.CreateTempSubdirectory("counted-").FullName, "n");
        var backend = Create(
            ("Files:Credentials:0:Name", "token"), ("Files:Credentials:0:Variable", "CRED"), ("Files:Credentials:0:RefreshAfter", "00:00:00"),
            ("Files:Credentials:0:Command:0", "/bin/sh"), ("Files:Credentials:0:Command:1", "-c"), ("Files:Credentials:0:Command:2", "echo x >> \"$1\"; printf '%s-%s' \"$0\" $(wc -l < \"$1\")"), ("Files:Credentials:0:Command:3", "{account}"), ("Files:Credentials:0:Command:4", count));
        var first = Job(ShowCredential);
        var second = Job(ShowCredential);

        await StartAsync(backend, first);
        await StartAsync(backend, second);

        await UntilAsync(() => Task.FromResult(Lines(first.Name).Concat(Lines(second.Name)).Count(line => line.EndsWith(" 600", StringComparison.Ordinal)) == 2), () => "both jobs to have written");
        Assert.Equal("alice-1 600", Assert.Single(Lines(first.Name)));
        Assert.Equal("alice-2 600", Assert.Single(Lines(second.Name)));
        Directory.Delete(Path.GetDirectoryName(count)!, recursive: true);
    }

    [Fact]
    public async Task Command_ThatFails_RefusesOnlyWhereTheCredentialIsRequired()
    {
        (string, string)[] settings = [("Files:Credentials:0:Name", "token"), ("Files:Credentials:0:Command:0", "/bin/sh"), ("Files:Credentials:0:Command:1", "-c"), ("Files:Credentials:0:Command:2", "echo 'no ticket for you' >&2; exit 3")];

        var refused = Assert.IsType<StartOutcome.Refused>(Assert.Single(await Create(settings).StartAsync([Job(Stay)], Cancellation)));

        Assert.Equal("The credential 'token' of 'alice' could not be fetched: no ticket for you.", refused.Reason);
        await StartAsync(Create([.. settings, ("Files:Credentials:0:Required", "false")]), Job(Stay));
    }

    [Fact]
    public async Task Token_ThatHasEnded_IsRefused_AndOneThatEndsSoonBoundsItsJobs()
    {
        var ended = Assert.IsType<StartOutcome.Refused>(Assert.Single(await Create(Token(-5)).StartAsync([Job(Stay)], Cancellation)));
        Assert.Matches("^The credential 'scitoken' of 'alice' ended at .* UTC: renew it, then try again[.]$", ended.Reason);

        // It waits for longer than its token is good.
        var backend = Create([.. Token(12), ("Submit:Requirements", "False")]);
        var job = Job(Stay);
        var handle = await StartAsync(backend, job);
        Assert.Matches("DASK_GATEWAY_LEAVE_BY='?[0-9]{10}", await QueueAsync("true", "Environment"));
        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the waiting job to be taken out");
        Assert.Equal("It waited until the credentials that go with it were about to end: another is submitted with new ones.", report.Reason);

        // One that runs is its worker's to end.
        var running = Job(Stay);
        var runs = await StartAsync(Create(Token(300)), running);
        await UntilStartedAsync(running);
        await UntilAsync(backend, runs, report => report.State == JobState.Running, "the job to run");
    }

    // A token that is good for some seconds, made anew with each call.
    private static (string, string)[] Token(int seconds) =>
    [
        ("Files:Credentials:0:Name", "scitoken"), ("Files:Credentials:0:Variable", "BEARER_TOKEN_FILE"), ("Files:Credentials:0:Command:0", "/bin/sh"), ("Files:Credentials:0:Command:1", "-c"),
        ("Files:Credentials:0:Command:2", "c=$(printf '{\"exp\":%d}' $(($(date +%s) + $0)) | base64 -w0 | tr -d = | tr +/ -_); printf 'e30.%s.c2ln' \"$c\""),
        ("Files:Credentials:0:Command:3", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];

    [Fact]
    public async Task Proxy_RenewedFile_ReachesTheRunningJob()
    {
        var path = Path.Combine(PoolFixture.Root, "home/gateway", $"proxy-{Guid.NewGuid():N}");
        try
        {
            await WriteProxyAsync(path, "first");
            var backend = Create(("Files:Credentials:0:Name", "proxy"), ("Files:Credentials:0:File", path), ("Files:Credentials:0:Proxy", "true"));
            var job = Job("while true; do sha256sum \"$X509_USER_PROXY\" | cut -c1-64 >> \"$W/$N\"; sleep 0.5; done");
            await StartAsync(backend, job);
            await UntilStartedAsync(job);

            // HTCondor compares the file's time with the job's start by whole seconds: a renewal is seldom as close as a test's.
            await WriteProxyAsync(path, "second");
            File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2));

            var renewed = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, Cancellation)));
            await UntilAsync(() => Task.FromResult(Lines(job.Name).Contains(renewed)), () => $"the renewed proxy in the job; seen: {string.Join(", ", Lines(job.Name).Distinct())}");
            Assert.NotEqual(renewed, Lines(job.Name)[0]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // Certificate, then key: what HTCondor takes for a proxy.
    private async Task WriteProxyAsync(string path, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(12));
        await File.WriteAllTextAsync(path + ".new", certificate.ExportCertificatePem() + "\n" + key.ExportRSAPrivateKeyPem() + "\n", Cancellation);
        await Fixture.ExecAsync("root", "sh", "-c", $"chown gateway {PoolBackend.Inside(path)}.new && chmod 600 {PoolBackend.Inside(path)}.new && mv {PoolBackend.Inside(path)}.new {PoolBackend.Inside(path)}");
    }
}
