namespace Gateway.Core.Tests.Options;

public sealed class SchemaReaderTests
{
    [Theory]
    [InlineData("""{"Type":"int","Target":"none"}""", "Options:0:Field is ''; it must be a Python name")]
    [InlineData("""{"Field":"a b","Type":"int","Target":"none"}""", "Options:0:Field is 'a b'; it must be a Python name")]
    [InlineData("""{"Field":"a","Type":"number","Target":"none"}""", "Options:0:Type is 'number'; it must be string, bool, int, float, select or mapping.")]
    [InlineData("""{"Field":"a","Type":"5","Target":"none"}""", "Options:0:Type is '5'")]
    [InlineData("""{"Field":"a","Type":"int"}""", "Options:0:Target is missing; it must be worker.cores")]
    [InlineData("""{"Field":"a","Type":"int","Target":"worker.speed"}""", "Options:0:Target is 'worker.speed'; it must be worker.cores")]
    [InlineData("""{"Field":"a","Type":"string","Target":"worker.cores"}""", "Options:0:Target is 'worker.cores', which takes int, float, select, not string.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"worker.memory","Unit":"parsec"}""", "Options:0:Target is 'worker.memory', which cannot be counted in 'parsec'.")]
    [InlineData("""{"Field":"a","Type":"string","Target":"image","Unit":"s"}""", "Options:0:Target is 'image', which has no unit.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"worker.cores","Default":0}""", "Options:0:Default is not allowed by the option itself: a must be a number above 0, got 0.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"none","Min":5,"Max":1}""", "Options:0:Min is 5, above Max, 1.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"none","Min":0.5}""", "Options:0:Min is '0.5'; it must be a whole number.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"none","Min":2,"Max":9,"Default":1}""", "Options:0:Default is not allowed by the option itself: a must be an integer from 2 to 9, got 1.")]
    [InlineData("""{"Field":"a","Type":"int","Target":"none","Default":"x"}""", "Options:0:Default is not allowed by the option itself: a must be an integer, got \"x\".")]
    [InlineData("""{"Field":"a","Type":"bool","Target":"none","Default":"maybe"}""", "Options:0:Default is not allowed by the option itself: a must be true or false")]
    [InlineData("""{"Field":"a","Type":"bool","Target":"none","Min":1}""", "Options:0:Min makes no sense for an option of type bool.")]
    [InlineData("""{"Field":"a","Type":"select","Target":"image"}""", "Options:0:Options must list one or more strings")]
    [InlineData("""{"Field":"a","Type":"select","Options":["x","x"],"Target":"image"}""", "Options:0:Options must list one or more strings, none of them empty or twice.")]
    [InlineData("""{"Field":"a","Type":"select","Options":["x"],"Default":"y","Target":"image"}""", "Options:0:Default is not allowed by the option itself: a must be one of \"x\", got \"y\".")]
    [InlineData("""{"Field":"a","Type":"select","Options":["x"],"Values":{"z":{"worker.cores":1}}}""", "Options:0:Values:z is not one of the option's Options.")]
    [InlineData("""{"Field":"a","Type":"select","Values":{"z":{"worker.speed":1}}}""", "Options:0:Values:z:worker.speed is not a target")]
    [InlineData("""{"Field":"a","Type":"select","Values":{"z":{"worker.memory":"much"}}}""", "Options:0:Values:z:worker.memory is 'much', which this target does not take.")]
    [InlineData("""{"Field":"a","Type":"int","Options":["x"],"Target":"none"}""", "Options:0:Options makes sense for an option of type select only.")]
    [InlineData("""{"Field":"a","Type":"string","Pattern":"(","Target":"none"}""", "Options:0:Pattern is '(', which is not a regular expression that can be used here")]
    [InlineData("""{"Field":"a","Type":"string","Pattern":"(?=x)","Target":"none"}""", "Options:0:Pattern is '(?=x)', which is not a regular expression that can be used here")]
    [InlineData("""{"Field":"a","Type":"string","Pattern":"[0-9]+","Target":"none"}""", "Options:0:Default is not allowed by the option itself")]
    [InlineData("""{"Field":"a","Type":"string","MaxLength":0,"Target":"none"}""", "Options:0:MaxLength is '0'; it must be a whole number from 1")]
    [InlineData("""{"Field":"a","Type":"int","Target":"none","Defualt":1}""", "Options:0:Defualt is not a setting. Allowed here: Field, Label")]
    [InlineData("""{"Field":"a","Type":"mapping","Target":"environment","Default":{"DASK_GATEWAY_X":"1"}}""", "Options:0:Default is not allowed by the option itself: a: 'DASK_GATEWAY_X' is an environment variable that the gateway itself sets")]
    [InlineData("""{"Field":"a","Type":"string","Target":"environment.DASK_GATEWAY_X"}""", "Options:0:Target is 'environment.DASK_GATEWAY_X'; it must be")]
    public void Read_WrongOption_NamesTheFullKey(string option, string message) =>
        Assert.Contains(Policies.Failures($$"""{"Options":[{{option}}]}"""), failure => failure.StartsWith(message, StringComparison.Ordinal));

    [Fact]
    public void Read_TwoOptionsOfOneName_AreRefused() => Assert.Contains(
        "Options:1:Field is 'a', as that of another option.",
        Policies.Failures("""{"Options":[{"Field":"a","Type":"int","Target":"none"},{"Field":"a","Type":"int","Target":"none"}]}"""));

    [Fact]
    public void Read_TwoOptionsOfOneTarget_AreRefused() => Assert.Contains(
        "Options:1:Target is 'worker.cores', which Options:0 sets already.",
        Policies.Failures("""
            {"Options":[{"Field":"a","Type":"select","Values":{"x":{"worker.cores":1},"y":{"worker.cores":2}}},{"Field":"b","Type":"int","Default":1,"Target":"worker.cores"}]}
            """));

    [Fact]
    public void Read_SeveralMistakes_AreAllReported() => Assert.Equal(
        3,
        Policies.Failures("""{"Options":[{"Field":"a","Type":"x"}],"Limits":{"MaxWorkers":-1},"Clusters":{"Worker":{"Memory":"much"}}}""").Count);
}
