using System.Net;
using System.Text;
using Gateway.Server.Api.Errors;
using Gateway.Server.Auth;
using Gateway.Server.Auth.Basic;
using Gateway.Server.Caching;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Server.Tests.Auth;

public sealed class PartsTests
{
    [Fact]
    public void PasswordHash_PrintedAndRead_FitsOnlyItsPassword()
    {
        var hash = PasswordHash.Parse(PasswordHash.Create("pässwörd", 1_000).ToString())!;

        Assert.True(hash.Fits(Encoding.Latin1.GetBytes("pässwörd")));
        Assert.True(hash.Fits(Encoding.UTF8.GetBytes("pässwörd")));
        Assert.False(hash.Fits(Encoding.UTF8.GetBytes("passwörd")));
        Assert.False(hash.Fits([]));
    }

    // RFC 7914, section 11: PBKDF2-HMAC-SHA256 of "Password" under "NaCl", 80000 iterations, first 32 bytes.
    [Fact]
    public void PasswordHash_OfTheStandardsExample_Fits()
    {
        var hash = PasswordHash.Parse($"$pbkdf2-sha256$i=80000${Convert.ToBase64String("NaCl"u8)}${Convert.ToBase64String(Convert.FromHexString("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"))}");

        Assert.Null(hash);
        hash = new(80_000, "NaCl"u8.ToArray(), Convert.FromHexString("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"));
        Assert.True(hash.Fits("Password"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$pbkdf2-sha256$i=600000$")]
    [InlineData("$pbkdf2-sha256$i=999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$i=99999999999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$i=1000$AAAAAAAAAAAAAAAAAAAAAA==$AAAA")]
    [InlineData("$pbkdf2-sha256$i=1000$?$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$2b$12$abcdefghijklmnopqrstuv")]
    public void PasswordHash_OfAnotherForm_IsNotRead(string text) => Assert.Null(PasswordHash.Parse(text));

    [Fact]
    public async Task HashPassword_PrintsALineThatTheUsersFileTakes()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(0, await HashPasswordCommand.RunAsync(new StringReader("secret\nmore"), output, error, TestContext.Current.CancellationToken));
        Assert.Equal(1, await HashPasswordCommand.RunAsync(new StringReader(""), TextWriter.Null, error, TestContext.Current.CancellationToken));

        var table = UserTable.Parse([$"alice:{output}"], hasSharedPassword: false);
        Assert.Empty(table.Errors);
        Assert.True(table.Users["alice"].Hash!.Fits("secret"u8));
        Assert.Contains("must not be empty", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void BoundedCache_PastItsCapacity_ForgetsWhatEndsSoonest()
    {
        var time = new FakeTimeProvider();
        var cache = new BoundedCache<int, int>(100, time);
        for (var i = 0; i < 1_000; i++)
        {
            cache.Set(i, i, TimeSpan.FromSeconds(1_000 + i));
            Assert.InRange(cache.Count, 1, 100);
        }

        Assert.True(cache.TryGet(999, out var last));
        Assert.Equal(999, last);
        Assert.False(cache.TryGet(0, out _));
        time.Advance(TimeSpan.FromSeconds(2_000));
        Assert.False(cache.TryGet(999, out _));
    }

    [Fact]
    public void BoundedCache_SetAgain_KeepsTheNewerValueOnce()
    {
        var cache = new BoundedCache<string, int>(10, new FakeTimeProvider());
        cache.Set("a", 1, TimeSpan.FromSeconds(1));
        cache.Set("a", 2, TimeSpan.FromSeconds(1));
        cache.Set("b", 3, TimeSpan.Zero);

        Assert.True(cache.TryGet("a", out var value));
        Assert.Equal((2, 1), (value, cache.Count));
        Assert.False(cache.TryGet("b", out _));
    }

    [Fact]
    public async Task Coalescer_FailedWork_FailsForAllWhoWaitedAndIsDoneAgainForTheNext()
    {
        var coalescer = new Coalescer<string, int>();
        var gate = new TaskCompletionSource<int>();
        var runs = 0;
        Task<int> Ask() => coalescer.RunAsync("key", () => Interlocked.Increment(ref runs) == 1 ? gate.Task : Task.FromResult(7), TestContext.Current.CancellationToken);
        var (one, two) = (Ask(), Ask());

        gate.SetException(new InvalidOperationException("first"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => one);
        await Assert.ThrowsAsync<InvalidOperationException>(() => two);

        Assert.Equal(7, await Ask());
        Assert.Equal(2, runs);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData(null, "local")]
    public void Throttle_CountsASubscriberAsOneSource(string? address, string expected) =>
        Assert.Equal(expected, FailureThrottle.SourceOf(address is null ? null : IPAddress.Parse(address)));

    [Fact]
    public void Reason_IsOneShortLineOfAscii()
    {
        Assert.Equal("caf?: X-Evil: 1??", ErrorAnswer.Reason("café: X-Evil: 1\r\n"));
        Assert.Equal(200, ErrorAnswer.Reason(new string('a', 300)).Length);
    }
}
