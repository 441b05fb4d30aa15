using Gateway.Backends.HTCondor.Jobs;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Jobs;

public sealed class WaitingExplainerTests
{
    [Fact]
    public void Explain_LongQueue_ChangesFewReasonsWhenOneLeaves()
    {
        var ads = Enumerable.Range(0, 1000).Select(i => Ad(i)).ToList();

        var before = WaitingExplainer.Explain(ads, _ => null);
        var after = WaitingExplainer.Explain(ads.Skip(1), _ => null);

        Assert.Equal(1000, before.Count);
        Assert.True(after.Count(pair => before[pair.Key] != pair.Value) < 20);
        Assert.DoesNotContain("behind", before[new JobId(1, 0)], StringComparison.Ordinal);
        Assert.Contains("behind about 500", before[new JobId(1, 500)], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no match found ", "No free machine fits now: it asks for 1 cores and 2048 MiB.")]
    [InlineData("insufficient priority", "Other users have better priority")]
    [InlineData("concurrency limit reached", "A limit on jobs of its kind is reached")]
    [InlineData("submitter limit exceeded", "Its user or group has its share")]
    [InlineData(null, "The negotiator has not looked at it yet")]
    public void Explain_Rejection_IsInAUsersWords(string? rejected, string expected)
    {
        var reason = Assert.Single(WaitingExplainer.Explain([Ad(0) with { Rejected = rejected }], _ => null)).Value;

        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RealAnalysisOfAnImpossibleRequest_NamesWhatNobodyOffers()
    {
        var finding = MatchAnalyzer.Read(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Corpus", "analyze-never-23.9.txt")));

        Assert.Contains("no machine meets", finding, StringComparison.Ordinal);
        Assert.Contains("Foo == 3", finding, StringComparison.Ordinal);
        Assert.Contains("RequestMemory = 999999999 (mb)", finding, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Of  machines, are")]
    [InlineData("Error: Couldn't contact the condor_collector")]
    public void Read_SomethingElse_FindsNothing(string text)
    {
        Assert.Null(MatchAnalyzer.Read(text));
    }

    private static JobAd Ad(int proc) => new()
    {
        Id = new JobId(1, proc),
        Name = $"w{proc}",
        Cluster = "c",
        Kind = JobKind.Worker,
        Account = "alice",
        Status = 1,
        Rejected = "no match found ",
        RequestCpus = 1,
        RequestMemory = 2048,
    };
}
