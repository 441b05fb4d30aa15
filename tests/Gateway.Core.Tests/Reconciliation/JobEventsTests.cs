using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Reconciliation;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class JobEventsTests
{
    [Theory]
    [InlineData(JobState.Running, null, null, "The scheduler's job runs on node7.")]
    [InlineData(JobState.Running, "is being stopped", null, "The scheduler's job runs on node7: is being stopped")]
    [InlineData(JobState.Ended, null, 3, "The scheduler's job has ended with exit code 3.")]
    [InlineData(JobState.Ended, "It was killed.", 137, "The scheduler's job has ended with exit code 137: It was killed.")]
    [InlineData(JobState.Ended, "ended with exit code 3; its error output says more", 3, "The scheduler's job has ended: ended with exit code 3; its error output says more")]
    public void For_OneJob_IsASentence(JobState state, string? reason, int? code, string expected)
    {
        var before = new Job { Name = "c", Cluster = "c", Kind = JobKind.Scheduler, Backend = "farm", Reason = "It waits." };

        var line = Assert.Single(JobEvents.For("farm", [(before, before with { State = state, Reason = reason, ExitCode = code, Host = "node7" })]));

        Assert.Equal(expected, line.Message);
    }
}
