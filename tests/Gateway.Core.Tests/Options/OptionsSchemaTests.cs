using System.Text;

namespace Gateway.Core.Tests.Options;

public sealed class OptionsSchemaTests
{
    private const string Six = """
        {"Options":[
          {"Field":"zeta","Label":"A text","Type":"string","Default":"é \"x\"","Target":"backend.zeta"},
          {"Field":"flag","Type":"bool","Default":true,"Target":"backend.flag"},
          {"Field":"worker_cores","Label":"Cores","Type":"int","Default":1,"Min":1,"Max":8,"Target":"worker.cores"},
          {"Field":"worker_memory","Type":"float","Min":0.5,"Max":16,"Default":2,"Target":"worker.memory","Unit":"GiB"},
          {"Field":"image","Type":"select","Options":["b","a"],"Target":"image"},
          {"Field":"environment","Type":"mapping","Default":{"A":"1"},"Target":"environment"}
        ]}
        """;

    [Fact]
    public void Specification_AllTypes_IsWhatTheClientReads() => Assert.Equal(
        """{"cluster_options":[""" +
        """{"field":"zeta","label":"A text","default":"é \"x\"","spec":{"type":"string"}},""" +
        """{"field":"flag","label":"flag","default":true,"spec":{"type":"bool"}},""" +
        """{"field":"worker_cores","label":"Cores","default":1,"spec":{"type":"int","min":1,"max":8}},""" +
        """{"field":"worker_memory","label":"worker_memory","default":2.0,"spec":{"type":"float","min":0.5,"max":16.0}},""" +
        """{"field":"image","label":"image","default":"b","spec":{"type":"select","options":["b","a"]}},""" +
        """{"field":"environment","label":"environment","default":{"A":"1"},"spec":{"type":"mapping"}}]}""",
        Encoding.UTF8.GetString(Policies.Read(Six).Options.Specification.Span));

    [Fact]
    public void Specification_NoBounds_AreNull() => Assert.Contains(
        """{"type":"int","min":null,"max":null}""",
        Encoding.UTF8.GetString(Policies.WithOption("""{"Field":"n","Type":"int","Target":"none"}""").Options.Specification.Span));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    public void Resolve_NothingGiven_IsAllDefaultsInOrder(string options)
    {
        var (json, spec) = Policies.Read(Six).Resolve(options);
        Assert.Equal("""{"zeta":"é \"x\"","flag":true,"worker_cores":1,"worker_memory":2.0,"image":"b","environment":{"A":"1"}}""", json);
        Assert.Equal(1, spec.Worker.Cores);
        Assert.Equal(2L << 30, spec.Worker.Memory);
        Assert.Equal("b", spec.Image);
        Assert.Equal("true", spec.Backend["flag"]);
        Assert.Equal("1", spec.Environment["A"]);
    }

    [Fact]
    public void Resolve_ValuesGiven_AreNormalisedInTheSchemasOrder()
    {
        var (json, spec) = Policies.Read(Six).Resolve("""{"environment":{"B":2,"C":"x"},"worker_memory":4,"worker_cores":8,"zeta":""}""");
        Assert.Equal("""{"zeta":"","flag":true,"worker_cores":8,"worker_memory":4.0,"image":"b","environment":{"B":2,"C":"x"}}""", json);
        Assert.Equal(8, spec.Worker.Cores);
        Assert.Equal(4L << 30, spec.Worker.Memory);
        Assert.Equal("2", spec.Environment["B"]);
        Assert.False(spec.Backend.ContainsKey("zeta"));
    }

    [Theory]
    [InlineData("""{"worker_cores":3.0}""", "worker_cores must be an integer, got 3.0.")]
    [InlineData("""{"worker_cores":true}""", "worker_cores must be an integer, got true.")]
    [InlineData("""{"worker_cores":null}""", "worker_cores must be an integer, got null.")]
    [InlineData("""{"worker_cores":"3"}""", "worker_cores must be an integer, got \"3\".")]
    [InlineData("""{"worker_cores":1e0}""", "worker_cores must be an integer, got 1e0.")]
    [InlineData("""{"worker_cores":0}""", "worker_cores must be an integer from 1 to 8, got 0.")]
    [InlineData("""{"worker_cores":9}""", "worker_cores must be an integer from 1 to 8, got 9.")]
    [InlineData("""{"worker_cores":99999999999999999999}""", "worker_cores must be an integer from 1 to 8, got 99999999999999999999.")]
    [InlineData("""{"worker_memory":"2"}""", "worker_memory must be a number, got \"2\".")]
    [InlineData("""{"worker_memory":0.4}""", "worker_memory must be a number from 0.5 to 16, got 0.4.")]
    [InlineData("""{"worker_memory":1e400}""", "worker_memory must be a number from 0.5 to 16, got 1e400.")]
    [InlineData("""{"flag":1}""", "flag must be true or false, got 1.")]
    [InlineData("""{"flag":null}""", "flag must be true or false, got null.")]
    [InlineData("""{"zeta":5}""", "zeta must be a string, got 5.")]
    [InlineData("""{"image":"c"}""", "image must be one of \"b\", \"a\", got \"c\".")]
    [InlineData("""{"image":1}""", "image must be one of \"b\", \"a\", got 1.")]
    [InlineData("""{"environment":[1]}""", "environment must be a mapping, got [1].")]
    [InlineData("""{"environment":null}""", "environment must be a mapping, got null.")]
    [InlineData("""{"worker_cores":0,"flag":1}""", "flag must be true or false, got 1; worker_cores must be an integer from 1 to 8, got 0.")]
    [InlineData("""[]""", "cluster_options must be an object, got [].")]
    [InlineData("""{"wrong":1,"flag":true}""", "Unknown options: 'wrong'. Allowed: zeta, flag, worker_cores, worker_memory, image, environment.")]
    public void Resolve_WrongValue_NamesFieldValueAndWhatIsAllowed(string options, string message) =>
        Assert.Equal(message, Policies.Read(Six).Refusal(options));

    [Theory]
    [InlineData("""{"environment":{"DASK_GATEWAY_API_TOKEN":"x"}}""", "is an environment variable that the gateway itself sets")]
    [InlineData("""{"environment":{"dask_gateway_x":"x"}}""", "is an environment variable that the gateway itself sets")]
    [InlineData("""{"environment":{"A B":"x"}}""", "is not a name for an environment variable")]
    [InlineData("""{"environment":{"":"x"}}""", "is not a name for an environment variable")]
    [InlineData("""{"environment":{"1A":"x"}}""", "is not a name for an environment variable")]
    [InlineData("""{"environment":{"A":true}}""", "A must be a string without control characters or a number, got true")]
    [InlineData("""{"environment":{"A":{"b":1}}}""", "A must be a string without control characters or a number")]
    [InlineData("""{"environment":{"A":"x\ny"}}""", "A must be a string without control characters or a number")]
    [InlineData("""{"environment":{"A":"\ud800"}}""", "environment must be a mapping of valid Unicode text")]
    [InlineData("""{"environment":{"\ud800":"x"}}""", "environment must be a mapping of valid Unicode text")]
    [InlineData("""{"zeta":"\ud800"}""", "zeta must be text of valid Unicode characters")]
    [InlineData("""{"zeta":"a\u0000b"}""", "zeta must be text of valid Unicode characters")]
    [InlineData("""{"zeta":"a\nb"}""", "zeta must be a string without control characters")]
    [InlineData("""{"\ud800":1}""", "Unknown options: '?'")]
    public void Resolve_HostileText_IsRefused(string options, string part) => Assert.Contains(part, Policies.Read(Six).Refusal(options));

    [Fact]
    public void Resolve_VeryLongValue_IsShownCut()
    {
        var message = Policies.Read(Six).Refusal($$"""{"image":"{{new string('x', 100_000)}}"}""");
        Assert.True(message.Length < 300, message);
    }

    [Theory]
    [InlineData("2 GiB", 2L << 30)]
    [InlineData("512 MB", 512L << 20)]
    [InlineData("1024", 1024L << 20)]
    public void Resolve_SizeAsText_HasUnits(string text, long bytes) => Assert.Equal(
        bytes,
        Policies.WithOption("""{"Field":"m","Type":"string","Default":"1 GiB","Target":"worker.memory","Unit":"MiB","Min":"100 MiB","Max":"4 GiB"}""").Resolve($$"""{"m":"{{text}}"}""").Spec.Worker.Memory);

    [Theory]
    [InlineData("lots", "m must be a number of bytes or a number with K, M, G, T or P")]
    [InlineData("5 GiB", "m must be from 100 MiB to 4 GiB, got 5 GiB")]
    [InlineData("1 MiB", "m must be from 100 MiB to 4 GiB, got 1 MiB")]
    public void Resolve_SizeOutOfBounds_IsRefused(string text, string message) => Assert.Contains(
        message,
        Policies.WithOption("""{"Field":"m","Type":"string","Default":"1 GiB","Target":"worker.memory","Min":"100 MiB","Max":"4 GiB"}""").Refusal($$"""{"m":"{{text}}"}"""));

    [Theory]
    [InlineData("30", 1800)]
    [InlineData("0", null)]
    public void Resolve_Timeout_CountsInItsUnitAnd0IsNever(string value, int? seconds)
    {
        var policy = Policies.WithOption("""{"Field":"idle","Type":"int","Default":10,"Min":0,"Max":600,"Target":"idle-timeout","Unit":"min"}""");
        Assert.Equal(seconds, (int?)policy.Resolve($$"""{"idle":{{value}}}""").Spec.IdleTimeout?.TotalSeconds);
    }

    [Fact]
    public void Resolve_Profile_SetsAllItsTargets()
    {
        var policy = Policies.WithOption("""
            {"Field":"size","Type":"select","Options":["small","large"],"Values":{
              "small":{"worker.cores":1,"worker.memory":"2 GiB"},
              "large":{"worker.cores":8,"worker.memory":"64 GiB","environment.OMP_NUM_THREADS":8,"backend.requirements":"Big"}}}
            """);
        var spec = policy.Resolve("""{"size":"large"}""").Spec;
        Assert.Equal((8.0, 64L << 30, "8", "Big"), (spec.Worker.Cores, spec.Worker.Memory, spec.Environment["OMP_NUM_THREADS"], spec.Backend["requirements"]));
        Assert.Equal(2L << 30, policy.Resolve("{}").Spec.Worker.Memory);
    }

    [Theory]
    [InlineData("""{"name":"abc"}""", true)]
    [InlineData("""{"name":"abcd"}""", false)]
    [InlineData("""{"name":"xabc"}""", false)]
    [InlineData("""{"name":"ab1"}""", false)]
    public void Resolve_Pattern_FitsTheWholeText(string options, bool fits)
    {
        var policy = Policies.WithOption("""{"Field":"name","Type":"string","Default":"abc","Pattern":"[a-z]+","MaxLength":3,"Target":"image"}""");
        if (fits)
        {
            Assert.Equal("abc", policy.Resolve(options).Spec.Image);
        }
        else
        {
            Assert.StartsWith("name must be a string", policy.Refusal(options));
        }
    }

    [Fact]
    public void Resolve_NoSchema_RefusesEveryOption() =>
        Assert.Equal("Unknown options: 'worker_cores'. This gateway has no options to set.", Policies.Read("{}").Refusal("""{"worker_cores":1}"""));
}
