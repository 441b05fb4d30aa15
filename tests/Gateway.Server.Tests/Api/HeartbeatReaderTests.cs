using System.Text;
using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Server.Api.Heartbeats;

namespace Gateway.Server.Tests.Api;

public sealed class HeartbeatReaderTests
{
    private const string Names = "\"active_workers\":[],\"closing_workers\":[],\"closed_workers\":[]";

    [Fact]
    public void Read_OurPlugins_TakesWhatItAddsAndIgnoresTheRest()
    {
        var beat = Read("""{"incarnation":"abc","sequence":12,"idle_since":1.5,"future":{"a":[1,{"b":null}]},"more":[1,2]""");
        Assert.Equal(("abc", 12L, 1.5), (beat.Incarnation, beat.Sequence, beat.IdleSeconds));
        beat = Read("""{"incarnation":null,"sequence":null,"idle_since":null""");
        Assert.Equal((null, null, null), (beat.Incarnation, beat.Sequence, beat.IdleSeconds));
    }

    [Fact]
    public void Read_NamesOfAnyKind_BecomeText() => Assert.Equal(
        ["w", "7", "-1", "123456789012345678901234567890", "é", "a�b", "\""],
        Read("""{"active_workers":["w",7,-1,123456789012345678901234567890,"é","a\nb","\""]""", "\"closing_workers\":[],\"closed_workers\":[]").Active);

    [Fact]
    public void Read_MemberTwice_TheLastCounts() => Assert.Equal(["b"], Read("""{"active_workers":["a"],"active_workers":["b"]""", "\"closing_workers\":[],\"closed_workers\":[]").Active);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    public void Read_NoDashboard_IsEmpty(string value) => Assert.Equal("", ReadRaw(Whole().Replace("\"http://h:2\"", value.Length == 0 ? "\"\"" : value, StringComparison.Ordinal)).DashboardAddress);

    [Theory]
    [InlineData("tls://10.0.0.7:8786")]
    [InlineData("tls://node-1.example.org:8786")]
    [InlineData("tls://[fe80::1]:8786")]
    public void Read_Address_IsKept(string address) => Assert.Equal(address, ReadRaw(Whole().Replace("tls://h:1", address, StringComparison.Ordinal)).SchedulerAddress);

    [Theory]
    [InlineData("tls://h:1", "tcp://h:1")]
    [InlineData("tls://h:1", "tls://h")]
    [InlineData("tls://h:1", "tls://h:0")]
    [InlineData("tls://h:1", "tls://h:65536")]
    [InlineData("tls://h:1", "tls://u@h:1")]
    [InlineData("tls://h:1", "tls://h:1/path")]
    [InlineData("tls://h:1", "tls://h:1?q")]
    [InlineData("tls://h:1", "tls://:1")]
    [InlineData("tls://h:1", "h:1")]
    [InlineData("tls://h:1", "")]
    [InlineData("tls://h:1", "tls://ä:1")]
    [InlineData("http://h:3", "https://h:3")]
    [InlineData("http://h:3", "http://h")]
    [InlineData("http://h:3", "http://h/80")]
    [InlineData("http://h:3", "file:///etc/passwd")]
    [InlineData("http://h:3", "http://h:3#x")]
    [InlineData("http://h:2", "javascript:alert(1)")]
    public void Read_WrongAddress_NamesTheMember(string right, string wrong)
    {
        var member = right switch { "tls://h:1" => "scheduler_address", "http://h:2" => "dashboard_address", _ => "api_address" };
        Assert.StartsWith($"{member} must be an address such as ", Refusal(Whole().Replace(right, wrong, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"count\":3", "\"count\":-1", "count must be a whole number from 0 to 2147483647, got -1.")]
    [InlineData("\"count\":3", "\"count\":3.0", "count must be a whole number from 0 to 2147483647, got 3.0.")]
    [InlineData("\"count\":3", "\"count\":true", "count must be a whole number from 0 to 2147483647, got true.")]
    [InlineData("\"count\":3", "\"count\":\"3\"", "count must be a whole number from 0 to 2147483647, got \"3\".")]
    [InlineData("\"count\":3", "\"count\":1e400", "count must be a whole number from 0 to 2147483647, got 1e400.")]
    [InlineData("\"count\":3", "\"count\":99999999999", "count must be a whole number from 0 to 2147483647, got 99999999999.")]
    [InlineData("\"count\":3", "\"count\":[3]", "count must be a whole number from 0 to 2147483647, got a list.")]
    [InlineData("\"count\":3", "\"other\":3", "count is missing.")]
    [InlineData("\"active_workers\":[]", "\"active_workers\":null", "active_workers must be a list of names, got null.")]
    [InlineData("\"active_workers\":[]", "\"active_workers\":{}", "active_workers must be a list of names, got an object.")]
    [InlineData("\"active_workers\":[]", "\"active_workers\":[[]]", "active_workers must be a list of names: strings of at most 1024 bytes or numbers, got a list.")]
    [InlineData("\"active_workers\":[]", "\"active_workers\":[null]", "active_workers must be a list of names: strings of at most 1024 bytes or numbers, got null.")]
    [InlineData("\"active_workers\":[],", "", "active_workers is missing.")]
    [InlineData("\"closing_workers\":[],", "", "closing_workers is missing.")]
    [InlineData("\"closed_workers\":[]", "\"idle_since\":-1", "idle_since must be a number of seconds, 0 or more, or null, got -1.")]
    [InlineData("\"closed_workers\":[]", "\"idle_since\":1e999", "idle_since must be a number of seconds, 0 or more, or null, got 1e999.")]
    [InlineData("\"closed_workers\":[]", "\"sequence\":1.5", "sequence must be a whole number, got 1.5.")]
    [InlineData("\"closed_workers\":[]", "\"incarnation\":5", "incarnation must be a string of at most 128 bytes, got 5.")]
    [InlineData("\"closed_workers\":[]", "\"closed_workers\":[\"\\ud800\"]", "The body must be a JSON object; it is not valid JSON")]
    public void Read_WrongMember_IsNamed(string right, string wrong, string message) =>
        Assert.StartsWith(message, Refusal(Whole().Replace(right, wrong, StringComparison.Ordinal)), StringComparison.Ordinal);

    [Fact]
    public void Read_AnyBytes_NeverFailsOtherwise()
    {
        var whole = Encoding.UTF8.GetBytes(Whole());
        var random = new Random(17);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = whole.AsSpan(0, random.Next(2) == 0 ? whole.Length : random.Next(whole.Length)).ToArray();
            for (var change = random.Next(4); change > 0 && bytes.Length > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                HeartbeatReader.Read(bytes);
            }
            catch (PublicException e)
            {
                Assert.Equal(422, e.Status);
            }
        }
    }

    [Fact]
    public void Read_SaidBefore_IsTakenFromThere()
    {
        const string Body = "\"active_workers\":[\"a\",\"b\"],\"closing_workers\":[],\"closed_workers\":[\"c\"]";
        var earlier = Read("{\"incarnation\":\"i\",\"sequence\":1", Body);
        var again = HeartbeatReader.Read(Encoding.UTF8.GetBytes(Text("{\"incarnation\":\"i\",\"sequence\":2", Body)), earlier);

        Assert.Equal(earlier with { Sequence = 2 }, again);
        Assert.Same(earlier.Active, again.Active);
        Assert.Same(earlier.Closed, again.Closed);
        Assert.Same(earlier.SchedulerAddress, again.SchedulerAddress);
        Assert.Same(earlier.Incarnation, again.Incarnation);
    }

    // Whatever was said before, what is read is what is said now.
    [Fact]
    public void Read_AfterAnyOther_IsAsIfReadAlone()
    {
        string[] names = ["\"a\"", "\"b\"", "\"ab\"", "\"\"", "7", "\"7\"", "\"é\"", "\"\\u0061\"", "\"a\\nb\"", "\"\uFFFD\""];
        string[] addresses = ["tls://h:1", "tls://h:12", "tls://[fe80::1]:1"];
        string[] incarnations = ["null", "\"i\"", "\"\\u0069\"", "\"é\""];
        var random = new Random(23);
        Heartbeat? earlier = null;
        for (var i = 0; i < 5_000; i++)
        {
            var body = Encoding.UTF8.GetBytes($$"""
                {"scheduler_address":"{{addresses[random.Next(addresses.Length)]}}","dashboard_address":{{(random.Next(2) == 0 ? "\"http://h:2\"" : "\"\"")}},"api_address":"http://h:3",
                "count":{{random.Next(3)}},"incarnation":{{incarnations[random.Next(incarnations.Length)]}},
                "active_workers":[{{List()}}],"closing_workers":[{{List()}}],"closed_workers":[{{List()}}]}
                """);
            var alone = HeartbeatReader.Read(body);
            var after = HeartbeatReader.Read(body, earlier);
            Assert.Equivalent(alone, after, strict: true);
            Assert.Equal(HeartbeatHash.Of(alone), HeartbeatHash.Of(after));
            earlier = after;
        }

        string List() => string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => names[random.Next(names.Length)]));
    }

    [Theory]
    [InlineData("tcp://h:1")]
    [InlineData("tls://h:1x")]
    public void Read_WrongAddressAfterARightOne_IsStillRefused(string wrong)
    {
        var earlier = ReadRaw(Whole());
        Assert.Throws<PublicException>(() => HeartbeatReader.Read(Encoding.UTF8.GetBytes(Whole().Replace("tls://h:1", wrong, StringComparison.Ordinal)), earlier));
    }

    [Fact]
    public void Hash_SequenceAndIdleSeconds_DoNotCountAndAllElseDoes()
    {
        var beat = Read("""{"incarnation":"a","sequence":1,"idle_since":1""");
        var hash = HeartbeatHash.Of(beat);
        Assert.Equal(hash, HeartbeatHash.Of(beat with { Sequence = 2, IdleSeconds = 7 }));
        Heartbeat[] others =
        [
            beat with { Count = 9 }, beat with { SchedulerAddress = "tls://h:9" }, beat with { DashboardAddress = "" }, beat with { ApiAddress = "http://h:9" },
            beat with { Incarnation = "b" }, beat with { Active = ["x"] }, beat with { Closing = ["x"] }, beat with { Closed = ["x"] },
            beat with { Active = ["x", "y"] }, beat with { Active = ["xy"] }, beat with { Active = ["x"], Closing = ["y"] }, beat with { Active = ["", "x"] },
        ];
        Assert.Equal(others.Length + 1, others.Select(HeartbeatHash.Of).Append(hash).Distinct().Count());
    }

    [Fact]
    public void Hash_IsTheSameForEver() => Assert.Equal(-612375342677821354L, HeartbeatHash.Of(Read("{")));

    private static string Whole() => "{\"scheduler_address\":\"tls://h:1\",\"dashboard_address\":\"http://h:2\",\"api_address\":\"http://h:3\",\"count\":3," + Names + "}";

    private static string Text(string start, string names) =>
        start + (start.Length > 1 ? "," : "") + "\"scheduler_address\":\"tls://h:1\",\"dashboard_address\":\"http://h:2\",\"api_address\":\"http://h:3\",\"count\":3," + names + "}";

    private static Heartbeat Read(string start, string names = Names) => ReadRaw(Text(start, names));

    private static Heartbeat ReadRaw(string json) => HeartbeatReader.Read(Encoding.UTF8.GetBytes(json));

    private static string Refusal(string json)
    {
        var e = Assert.Throws<PublicException>(() => ReadRaw(json));
        Assert.Equal(422, e.Status);
        return e.Message;
    }
}
