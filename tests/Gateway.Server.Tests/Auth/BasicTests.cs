using System.Net;
using System.Text;
using Gateway.Server.Auth.Basic;

namespace Gateway.Server.Tests.Auth;

public sealed class BasicTests : IDisposable
{
    private static readonly (string, string) Basic = ("Authentication:Mode", "basic");
    private readonly string _users = Path.GetTempFileName();

    public void Dispose() => File.Delete(_users);

    [Fact]
    public async Task Request_WithoutCredentials_GetsTheBareChallengeAndASentence()
    {
        await using var host = await AuthHost.StartAsync(Basic);
        using var client = host.CreateClient();

        using var response = await client.SendAsync(HttpMethod.Get, "/who");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["Basic"], response.Headers.NonValidated["WWW-Authenticate"]);
        Assert.Equal("Authentication required", response.ReasonPhrase);
        Assert.Equal("Authentication required", await response.ErrorAsync());
    }

    [Fact]
    public async Task OpenRoute_WithWrongCredentials_IsOpen()
    {
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:Password", "secret"));
        using var client = host.CreateClient();

        using var response = await client.GetAsync("/api/health", AuthHost.Basic("alice", "wrong"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("alice", "")]
    [InlineData("bob", "anything:with:colons")]
    [InlineData("müller", "pässwörd")]
    public async Task AnyUser_WithAnyPassword_IsWhoTheySay(string user, string password)
    {
        await using var host = await AuthHost.StartAsync(Basic);
        using var client = host.CreateClient();

        using var response = await client.GetAsync("/who", AuthHost.Basic(user, password));
        using var again = await client.GetAsync("/who", AuthHost.Basic(user, "other"));

        var visitor = await response.VisitorAsync();
        Assert.Equal(user, visitor.Name);
        Assert.False(visitor.Admin);
        Assert.Equal(visitor.Id, (await again.VisitorAsync()).Id);
        Assert.Equal([("basic", "", user)], host.Store.Users);
    }

    [Fact]
    public async Task Caller_ListedInConfiguration_IsAdminAndInGroups()
    {
        await using var host = await AuthHost.StartAsync(
            Basic, ("Authentication:Admins:0", "carol"), ("Authentication:Groups:physics:0", "carol"), ("Authentication:Groups:physics:1", "dave"), ("Authentication:Groups:it:0", "carol"));
        using var client = host.CreateClient();

        using var carol = await client.GetAsync("/admin", AuthHost.Basic("carol", ""));
        using var dave = await client.GetAsync("/who", AuthHost.Basic("dave", ""));
        using var daveAsAdmin = await client.GetAsync("/admin", AuthHost.Basic("dave", ""));
        using var otherCase = await client.GetAsync("/admin", AuthHost.Basic("Carol", ""));

        Assert.Equal(["it", "physics"], (await carol.VisitorAsync()).Groups.Order());
        Assert.Equal(["physics"], (await dave.VisitorAsync()).Groups);
        Assert.Equal(HttpStatusCode.Forbidden, daveAsAdmin.StatusCode);
        Assert.Equal("Only an administrator may do this", await daveAsAdmin.ErrorAsync());
        Assert.Equal(HttpStatusCode.Forbidden, otherCase.StatusCode);
    }

    [Fact]
    public async Task SharedPassword_DecidesForEverybody_InLatin1AndUtf8()
    {
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:Password", "pässwörd"));
        using var client = host.CreateClient();

        using var latin1 = await client.GetAsync("/who", AuthHost.Basic("alice", "pässwörd"));
        using var utf8 = await client.GetAsync("/who", "basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:pässwörd")));
        using var wrong = await client.GetAsync("/who", AuthHost.Basic("alice", "passwörd"));
        using var empty = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        Assert.Equal((await latin1.VisitorAsync()).Id, (await utf8.VisitorAsync()).Id);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal("User name or password is wrong", wrong.ReasonPhrase);
        Assert.Equal(HttpStatusCode.Unauthorized, empty.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task PasswordFile_EndsInANewline_WhichIsNotPartOfThePassword()
    {
        await File.WriteAllTextAsync(_users, "from file\n", TestContext.Current.CancellationToken);
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:PasswordFile", _users));
        using var client = host.CreateClient();

        using var right = await client.GetAsync("/who", AuthHost.Basic("alice", "from file"));
        using var wrong = await client.GetAsync("/who", AuthHost.Basic("alice", "from file\n"));

        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Fact]
    public async Task UsersFile_NamesUsersGroupsAndAdmins_AndNobodyElseComesIn()
    {
        await WriteUsersAsync($"# users\n\nalice:{Hash("wörter")}:physics,it:admin\nbob:{Hash("b")}\ncarol::guests\n");
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:UsersFile", _users), ("Authentication:Basic:Password", "shared"));
        using var client = host.CreateClient();

        using var alice = await client.GetAsync("/admin", AuthHost.Basic("alice", "wörter"));
        using var aliceInUtf8 = await client.GetAsync("/who", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:wörter")));
        using var aliceShared = await client.GetAsync("/who", AuthHost.Basic("alice", "shared"));
        using var bob = await client.GetAsync("/who", AuthHost.Basic("bob", "b"));
        using var carol = await client.GetAsync("/who", AuthHost.Basic("carol", "shared"));
        using var nobody = await client.GetAsync("/who", AuthHost.Basic("nobody", "shared"));

        Assert.Equal(["physics", "it"], (await alice.VisitorAsync()).Groups);
        Assert.Equal("alice", (await aliceInUtf8.VisitorAsync()).Name);
        Assert.Equal(HttpStatusCode.Unauthorized, aliceShared.StatusCode);
        Assert.Equal("bob", (await bob.VisitorAsync()).Name);
        Assert.Equal(["guests"], (await carol.VisitorAsync()).Groups);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Equal(await aliceShared.ErrorAsync(), await nobody.ErrorAsync());
    }

    [Fact]
    public async Task UsersFile_Changed_CountsAtOnceAndEndsSessionsThatRestedOnIt()
    {
        await WriteUsersAsync($"alice:{Hash("old")}\nbob:{Hash("b")}\n");
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:UsersFile", _users));
        using var client = host.CreateClient();
        using var alice = await client.GetAsync("/who", AuthHost.Basic("alice", "old"));
        using var bob = await client.GetAsync("/who", AuthHost.Basic("bob", "b"));
        var (aliceCookie, bobCookie) = (alice.Cookies(), bob.Cookies());
        using var before = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", aliceCookie));
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        await WriteUsersAsync((await File.ReadAllTextAsync(_users, TestContext.Current.CancellationToken)).Replace("alice:", $"alice:{Hash("new")}:new\n#", StringComparison.Ordinal));
        host.Time.Advance(TimeSpan.FromSeconds(1));

        using var aliceSession = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", aliceCookie));
        using var bobSession = await client.SendAsync(HttpMethod.Get, "/who", ("Cookie", bobCookie));
        using var oldPassword = await client.GetAsync("/who", AuthHost.Basic("alice", "old"));
        using var newPassword = await client.GetAsync("/who", AuthHost.Basic("alice", "new"));
        Assert.Equal(HttpStatusCode.Unauthorized, aliceSession.StatusCode);
        Assert.Equal(HttpStatusCode.OK, bobSession.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, oldPassword.StatusCode);
        Assert.Equal(["new"], (await newPassword.VisitorAsync()).Groups);

        await WriteUsersAsync("broken line\n");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        using var afterMistake = await client.GetAsync("/who", AuthHost.Basic("alice", "new"));
        Assert.Equal(HttpStatusCode.OK, afterMistake.StatusCode);

        File.Delete(_users);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        using var afterLoss = await client.GetAsync("/who", AuthHost.Basic("alice", "new"));
        Assert.Equal(HttpStatusCode.OK, afterLoss.StatusCode);
    }

    [Fact]
    public async Task FailedAttempts_PastTheLimit_AreRefusedUntilTheWindowIsOver()
    {
        await using var host = await AuthHost.StartAsync(
            Basic, ("Authentication:Basic:Password", "secret"), ("Authentication:Basic:MaxFailures", "3"), ("Authentication:Basic:FailureWindow", "00:02:00"));
        using var client = host.CreateClient();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            using var failed = await client.GetAsync("/who", AuthHost.Basic("alice", "guess"));
            Assert.Equal(HttpStatusCode.Unauthorized, failed.StatusCode);
        }

        host.Time.Advance(TimeSpan.FromSeconds(90));
        using var throttled = await client.GetAsync("/who", AuthHost.Basic("alice", "secret"));
        using var other = await client.GetAsync("/who", AuthHost.Basic("bob", "secret"));
        host.Time.Advance(TimeSpan.FromSeconds(31));
        using var later = await client.GetAsync("/who", AuthHost.Basic("alice", "secret"));

        Assert.Equal(HttpStatusCode.TooManyRequests, throttled.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(30), throttled.Headers.RetryAfter!.Delta);
        Assert.Equal("Too many failed attempts to sign in: try again in 30 s", throttled.ReasonPhrase);
        Assert.False(throttled.Headers.Contains("WWW-Authenticate"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task SuccessfulAttempt_AfterFailures_ForgetsThem()
    {
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:Password", "secret"), ("Authentication:Basic:MaxFailures", "2"));
        using var client = host.CreateClient();

        foreach (var (password, expected) in new[] { ("no", 401), ("secret", 200), ("no", 401), ("secret", 200), ("no", 401), ("no", 401), ("secret", 429) })
        {
            using var response = await client.GetAsync("/who", AuthHost.Basic("alice", password));
            Assert.Equal(expected, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task SlowHash_ManyGuessesAtOnce_NoMoreAreAnsweredThanInARow()
    {
        await WriteUsersAsync($"alice:{PasswordHash.Create("right")}\n");
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:UsersFile", _users), ("Authentication:Basic:MaxFailures", "3"));
        using var client = host.CreateClient();

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.GetAsync("/who", AuthHost.Basic("alice", $"guess {i}"))));

        Assert.Equal(3, responses.Count(response => response.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(17, responses.Count(response => response.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task SlowHash_SameRightPasswordAtOnce_NeverCountsAsFailure()
    {
        await WriteUsersAsync($"alice:{PasswordHash.Create("right")}\n");
        await using var host = await AuthHost.StartAsync(Basic, ("Authentication:Basic:UsersFile", _users), ("Authentication:Basic:MaxFailures", "1"));
        using var client = host.CreateClient();

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetAsync("/who", AuthHost.Basic("alice", "right"))));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Single(host.Store.Users);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic YWxpY2U")]
    [InlineData("Basic YWxpY2U=")]
    [InlineData("Basic OnBhc3N3b3Jk")]
    [InlineData("Basic YWwKaWNlOng=")]
    [InlineData("Basic AGE6eA==")]
    [InlineData("Bearer abc")]
    [InlineData("token abc")]
    [InlineData("Negotiate abc")]
    [InlineData("jupyterhub abc")]
    [InlineData("Basic\tYWxpY2U6eA==")]
    [InlineData(",")]
    public async Task Credentials_OfAnyWrongForm_AreUnauthorized(string authorization)
    {
        await using var host = await AuthHost.StartAsync(Basic);
        using var client = host.CreateClient();

        using var response = await client.GetAsync("/who", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["Basic"], response.Headers.NonValidated["WWW-Authenticate"]);
        Assert.NotEmpty((await response.ErrorAsync())!);
        Assert.Empty(host.Store.Users);
    }

    [Fact]
    public async Task Credentials_OverlongOrRepeated_AreUnauthorized()
    {
        await using var host = await AuthHost.StartAsync(Basic);
        using var client = host.CreateClient();

        using var longName = await client.GetAsync("/who", AuthHost.Basic(new string('a', 129), ""));
        using var longPassword = await client.GetAsync("/who", AuthHost.Basic("a", new string('p', 20_000)));
        using var huge = await client.GetAsync("/who", AuthHost.Basic("a", new string('p', 100_000)));
        using var longest = await client.GetAsync("/who", AuthHost.Basic(new string('a', 128), "p"));

        Assert.Equal(HttpStatusCode.Unauthorized, longName.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, longPassword.StatusCode);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, huge.StatusCode);
        Assert.Equal(HttpStatusCode.OK, longest.StatusCode);
    }

    [Fact]
    public async Task Store_Silent_IsServiceUnavailableWithTheReason()
    {
        await using var host = await AuthHost.StartAsync(Basic);
        host.Store.IsSilent = true;
        using var client = host.CreateClient();

        using var response = await client.GetAsync("/who", AuthHost.Basic("alice", ""));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("database does not answer", response.ReasonPhrase, StringComparison.Ordinal);
    }

    // Few iterations: these tests are about files, not about slowness.
    private static string Hash(string password) => PasswordHash.Create(password, 1_000).ToString();

    private async Task WriteUsersAsync(string text)
    {
        var part = _users + ".new";
        await File.WriteAllTextAsync(part, text, TestContext.Current.CancellationToken);
        File.Move(part, _users, overwrite: true);
    }
}
