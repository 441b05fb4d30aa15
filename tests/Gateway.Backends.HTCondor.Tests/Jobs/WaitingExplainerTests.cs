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

    [Theory]
    [InlineData(0, 1, "1 of 1 slots fit, and are taken by others: it waits for its turn.")]
    [InlineData(1, 0, "Nothing in the pool (1 slots) can ever run it as it is: no machine meets 'TARGET.Cpus >= RequestCpus' with RequestCpus = 16. Ask for less, or change its requirements.")]
    public void Read_ColumnOfDrainedMachines_IsWhatCounts(int rejected, int drained, string expected)
    {
        // As HTCondor 25.14 prints it where machines are full.
        var text = $"""
            Job 23.004 defines the following attributes:

                RequestCpus = 16
                RequestMemory = 16 (mb)

                     Slots      If    
            Step   Matched   Drained  Condition
            ----- --------- --------- ---------
            [7]           1         1  TARGET.Memory >= RequestMemory
            [9]           0         {drained}  TARGET.Cpus >= RequestCpus

            023.004:  Run analysis summary ignoring user priority.  Of 1 slots on 1 machines,
                  {rejected} slots are rejected by your job's requirements
                  0 slots reject your job because of their own requirements
                  0 slots match and are willing to run your job
                  {drained} slots would match if drained

            """;

        Assert.Equal(expected, MatchAnalyzer.Read(text));
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
