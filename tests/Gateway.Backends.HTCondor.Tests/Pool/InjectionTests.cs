using System.Text;
using System.Text.Json;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Users' words, meant badly, against the real condor_submit: each is refused with a sentence, or arrives as itself in exactly one job of the right account.</summary>
public sealed class InjectionTests(PoolFixture pool) : PoolTest(pool)
{
    private static readonly string[] Vectors =
    [
        "x\nqueue 5", "x\r\nqueue 5", "x\rqueue 5", "x\\\nqueue 5", "x\0y", "x\vqueue 5", "x\fqueue 5", "x\u0085queue 5", "x\u2028queue 5", "x\u2029queue 5", "tab\there",
        "x\" queue 5 \"", "\"", "\"\"", "\\\"", "\\", "ends with \\", "'", "''", "' OWNER='root", "'\"'\"'", "\"; +Owner = \"root\"; x = \"", "\" + \"", "\\\" || True || \\\"",
        "$(HOME)", "$(args)", "$(job)", "$(section)", "$(env.0)", "$ENV(PATH)", "$(ENV(PATH))", "$$(Machine)", "$$([1+1])", "$$ENV(PATH)", "$$$(X)", "$(DOLLAR)(HOME)", "$(dollar)", "$DOLLAR(x)", "$INT(5)", "$RANDOM_CHOICE(a,b)", "$F(x)", "$Fpdnxba(x)",
        "$SUBSTR(job,1)", "$STRING(x)", "$REAL(1)", "$EVAL(1)", "$CHOICE(0,a,b)", "$DIRNAME(x)", "$BASENAME(x)", "$FILENAME(x)", "$", "$$", "$x", "${x}", "$(", "$()", "$(x", "$(x:$(HOME))", "$(x?:y)", "@=end", "@(x)", "@end",
        "queue", "queue 5", "queue 5 from x", ")", "(", ") queue (", ");", "] || True", "+Owner = \"root\"", "My.Owner = \"root\"", "Owner = \"root\"", "include : /etc/passwd", "include command : id", "if true", "endif", "use FEATURE : x", "error : x", "warning : x",
        "# comment", "// comment", "/* comment", "*/", "a=b c=d", "A;B=2", "|B=2", "a,b", " leading", "trailing ", "  ", "%s%n", "`id`", "$(id)", ";id", "|id", "&", "<x", ">x", "*", "?", "~", "!", "{x}", "[x]", "é ü ☃ 日本", "\uFEFFx", "\u202Ex", "undefined", "error", "True", "TARGET.x",
        new('x', 5000), new('"', 300), new('\'', 300), new('$', 300), new('\\', 299),
    ];

    private static readonly (string Key, string Value)[] Fields =
    [
        ("Submit:Requirements", "False"), ("Queue:SubmissionsPerMinute", "100000"),
        ("UserFields:requirements:Kind", "Requirements"), ("UserFields:rank:Kind", "Rank"), ("UserFields:disk:Kind", "Disk"), ("UserFields:gpus:Kind", "Gpus"),
        ("UserFields:limits:Kind", "ConcurrencyLimits"), ("UserFields:limits:Allowed:0", "sw_x"), ("UserFields:group:Kind", "AccountingGroup"), ("UserFields:group:Allowed:0", "group_x"),
        ("UserFields:profile:Kind", "Profile"), ("UserFields:profile:Allowed:0", "long"), ("Profiles:long:MaxDuration", "10:00:00"),
        ("UserFields:text:Kind", "Text"), ("UserFields:text:Attribute", "UserText"), ("UserFields:number:Kind", "Integer"), ("UserFields:number:Attribute", "UserNumber"), ("UserFields:flag:Kind", "Flag"), ("UserFields:flag:Attribute", "UserFlag"),
        ("Submit:Container:Mode", "Attribute"), ("Submit:Container:Allowed:0", "*"),
    ];

    [Fact]
    public async Task Values_OfEveryField_ArriveAsThemselvesOrAreRefused()
    {
        var others = await OthersAsync();
        string[] places = ["variable", "name", "argument", "image", "account", "requirements", "rank", "disk", "gpus", "limits", "group", "profile", "text", "number", "flag"];
        foreach (var place in places)
        {
            var backend = Create(Fields);
            var jobs = Vectors.Select(vector => With(place, vector)).ToList();

            var outcomes = await backend.StartAsync(jobs, Cancellation);

            var started = jobs.Zip(outcomes).Where(pair => pair.Second is StartOutcome.Started).ToDictionary(pair => pair.First.Name, pair => Vectors[jobs.IndexOf(pair.First)]);
            Assert.All(outcomes, outcome => Assert.True(outcome is StartOutcome.Started or StartOutcome.Refused, $"{place}: {outcome}"));
            Assert.All(outcomes.OfType<StartOutcome.Refused>(), refused => Assert.DoesNotContain(refused.Reason, char.IsControl));
            await AssertQueueAsync(place, started, others);
            await backend.StopAsync([.. started.Keys.Select(name => new JobHandle(name, null))], Cancellation);
        }
    }

    [Fact]
    public async Task Values_MadeAtRandomOfWhatIsSpecial_ArriveAsThemselvesOrAreRefused()
    {
        string[] pieces = ["$", "$(", "$$(", "(", ")", "'", "\"", "\\", " ", "DOLLAR", "HOME", "ENV(", "a", "=", ",", ";", "#", "@", "[", "]", "%", "queue ", "é", ":", "&", "|"];
        var others = await OthersAsync();
        var random = new Random(20260);
        var values = Enumerable.Range(0, 400).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]))).ToList();
        foreach (var place in (string[])["variable", "argument"])
        {
            var backend = Create(Fields);
            var jobs = values.Select(value => With(place, value)).ToList();

            var outcomes = await backend.StartAsync(jobs, Cancellation);

            var started = jobs.Zip(outcomes, values).Where(triple => triple.Second is StartOutcome.Started).ToDictionary(triple => triple.First.Name, triple => triple.Third);
            Assert.True(started.Count > 200, $"{started.Count} of {values.Count} were taken");
            await AssertQueueAsync(place, started, others);
            await backend.StopAsync([.. started.Keys.Select(name => new JobHandle(name, null))], Cancellation);
        }
    }

    private async Task<IReadOnlySet<string>> OthersAsync() =>
        (await Fixture.ExecAsync("root", "condor_q", "-allusers", "-af:j", "JobStatus")).Output.Split('\n').Select(line => line.Split(' ')[0]).ToHashSet();

    private JobStart With(string place, string value)
    {
        var job = Job(Stay, cluster: "injected");
        var fields = new Dictionary<string, string> { [place] = value };
        return place switch
        {
            "variable" => job with { Environment = new Dictionary<string, string>(job.Environment) { ["V"] = value } },
            "name" => job with { Environment = new Dictionary<string, string>(job.Environment) { [value] = "v" } },
            "argument" => job with { Command = [.. job.Command, value] },
            "image" => job with { Spec = job.Spec with { Image = value } },
            "account" => job with { Spec = job.Spec with { Account = value } },
            _ => job with { Spec = job.Spec with { Backend = fields } },
        };
    }

    private async Task AssertQueueAsync(string place, Dictionary<string, string> started, IReadOnlySet<string> others)
    {
        var (_, output) = await Fixture.ExecAsync("root", "condor_q", "-allusers", "-json", "-constraint", "JobStatus != 3", "-attributes", "Owner,User,ClusterId,ProcId,Arguments,Environment,UserText,SingularityImage,DaskGatewayJob,DaskGatewayId,Cmd,Requirements,UserNumber,UserFlag,AccountingGroup");
        using var document = JsonDocument.Parse(output.TrimStart().Length > 0 ? output : "[]");
        var ads = document.RootElement.EnumerateArray().Where(ad => !others.Contains($"{ad.GetProperty("ClusterId")}.{ad.GetProperty("ProcId")}")).ToList();

        // The pool is this test's alone: whatever else has come into the queue was made by a value.
        Assert.Equal(started.Keys.Order(StringComparer.Ordinal), ads.Select(ad => Text(ad, "DaskGatewayJob")).Order(StringComparer.Ordinal));
        Assert.All(ads, ad =>
        {
            Assert.Equal("gateway", Text(ad, "Owner"));
            Assert.Equal("/bin/sh", Text(ad, "Cmd"));
            Assert.Equal(GatewayId, Text(ad, "DaskGatewayId"));
            var value = started[Text(ad, "DaskGatewayJob")];
            var seen = place switch
            {
                "variable" => Words(Text(ad, "Environment")).Single(word => word.StartsWith("V=", StringComparison.Ordinal))[2..],
                "argument" => Words(Text(ad, "Arguments"))[^1],
                "image" when value.Length > 0 => Text(ad, "SingularityImage"),
                "text" => Text(ad, "UserText"),
                _ => value,
            };
            Assert.Equal(value, seen);
            if (place is not "requirements")
            {
                Assert.DoesNotContain("||", Requirements(ad), StringComparison.Ordinal);
            }
        });
    }

    private static string Text(JsonElement ad, string name) => ad.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // Without what HTCondor itself adds to it.
    private static string Requirements(JsonElement ad) => ad.GetProperty("Requirements").ToString().Replace("(TARGET.HasFileTransfer)", "", StringComparison.Ordinal).Split("(TARGET.Arch", 2)[0];

    // The new syntax of arguments and environments, as it stands in an ad: words between blanks, single quotes around what has any, doubled inside.
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == ' ')
            {
                i++;
                continue;
            }

            var word = new StringBuilder();
            for (var quoted = false; i < text.Length && (quoted || text[i] != ' '); i++)
            {
                if (text[i] != '\'')
                {
                    word.Append(text[i]);
                }
                else if (quoted && i + 1 < text.Length && text[i + 1] == '\'')
                {
                    word.Append(text[i++]);
                }
                else
                {
                    quoted = !quoted;
                }
            }

            words.Add(word.ToString());
        }

        return words;
    }
}
