using System.Text;
using System.Text.Json;
using CsCheck;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Jobs;

public sealed class JobAdsTests
{
    private static readonly byte[] History = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Corpus", "25.14", "history.json"));

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("[\n]\n")]
    public void Read_NoJobs_IsEmpty(string text)
    {
        Assert.Empty(JobAds.Read(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Read_CutAnywhere_NeverGivesPart()
    {
        for (var length = 1; length < History.Length - 2; length += 7)
        {
            var part = History.AsSpan(0, length).ToArray();
            Assert.ThrowsAny<JsonException>(() => JobAds.Read(part));
        }
    }

    [Fact]
    public void Read_DamagedBytes_ThrowsNothingElse()
    {
        Gen.Select(Gen.Int[0, History.Length - 1], Gen.Byte).Array[1, 5].Sample(
            changes =>
            {
                var damaged = (byte[])History.Clone();
                foreach (var (at, value) in changes)
                {
                    damaged[at] = value;
                }

                try
                {
                    Assert.All(JobAds.Read(damaged).Select(ad => JobExplainer.Report(ad, "local")), report => Assert.NotEmpty(report.Name));
                }
                catch (JsonException)
                {
                    return;
                }
            },
            iter: 5_000);
    }

    [Theory]
    [InlineData("\"JobStatus\":1", JobState.Pending, null)]
    [InlineData("\"JobStatus\":1,\"NumJobStarts\":1,\"VacateReason\":\"Job not found at execution machine\",\"LastRemoteHost\":\"slot1_1@vm\"", JobState.Ended, "It lost its place on vm: Job not found at execution machine. Such a job is not started again under its name.")]
    [InlineData("\"JobStatus\":1,\"NumJobStarts\":1,\"LastRemoteHost\":\"slot1_1@vm\"", JobState.Ended, "It was evicted on vm: the machine gave its place to others (preemption) or was closed. Such a job is not started again under its name.")]
    [InlineData("\"JobStatus\":3,\"RemoveReason\":\"gateway: could not be started\",\"VacateReason\":\"Job not found at execution machine\",\"LastRemoteHost\":\"slot1@n7\"", JobState.Ended, "Machines tried to start it again and again and could not; the last one, n7, says: Job not found at execution machine.")]
    [InlineData("\"JobStatus\":3,\"RemoveReason\":\"gateway: credentials too old\"", JobState.Ended, "It waited until the credentials that go with it were about to end: another is submitted with new ones.")]
    [InlineData("\"JobStatus\":5,\"HoldReason\":\"memory usage exceeded request_memory\",\"HoldReasonCode\":26,\"HoldReasonSubCode\":0", JobState.Held, "HTCondor holds it: memory usage exceeded request_memory (code 26/0); it used more memory than it asked for: ask for more memory per worker, or give tasks smaller pieces.")]
    [InlineData("\"JobStatus\":2,\"RemoteHost\":\"slot1_1@vm\"", JobState.Running, null)]
    [InlineData("\"JobStatus\":3,\"RemoteHost\":\"slot1_1@vm\"", JobState.Running, "It is being ended.")]
    [InlineData("\"JobStatus\":3,\"RemoveReason\":\"via condor_rm (by user root)\"", JobState.Ended, "It was removed via condor_rm (by user root).")]
    [InlineData("\"JobStatus\":3,\"RemoveReason\":\"gateway: wall time over\",\"LastRemoteHost\":\"slot1@n7\"", JobState.Ended, "Its time was over on n7: it ran for as long as the site allows.")]
    [InlineData("\"JobStatus\":4,\"ExitCode\":127,\"ExitBySignal\":false", JobState.Ended, "It ended with exit code 127: its command was not found on the machine; check the image or the environment.")]
    [InlineData("\"JobStatus\":5,\"HoldReason\":\"Job has gone over memory limit of 128 megabytes.\",\"HoldReasonCode\":34,\"HoldReasonSubCode\":0", JobState.Held, "HTCondor holds it: Job has gone over memory limit of 128 megabytes (code 34/0); it used more memory than it asked for: ask for more memory per worker, or give tasks smaller pieces.")]
    [InlineData("\"JobStatus\":5,\"HoldReason\":\"Spooling input data files\",\"HoldReasonCode\":16", JobState.Pending, "Its files are being handed over to HTCondor.")]
    [InlineData("\"JobStatus\":7,\"RemoteHost\":\"slot1_1@vm\"", JobState.Running, "The machine has suspended it.")]
    [InlineData("\"JobStatus\":42", JobState.Pending, "HTCondor gives it the unknown status 42.")]
    public void Explain_EachStatus_IsInAUsersWords(string attributes, JobState state, string? reason)
    {
        var json = $"[{{\"ClusterId\":1,\"ProcId\":2,\"DaskGatewayJob\":\"w\",\"DaskGatewayCluster\":\"c\",\"DaskGatewayKind\":\"Worker\",\"DaskGatewayAccount\":\"alice\",{attributes}}}]";

        var report = JobExplainer.Report(Assert.Single(JobAds.Read(Encoding.UTF8.GetBytes(json))), "local");

        Assert.Equal(state, report.State);
        Assert.Equal(reason, report.Reason);
        Assert.Equal("local#1.2#alice#c", report.Handle);
    }
}
