using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Fuzz;

/// <summary>What each version of HTCondor really prints is read, and becomes what a user is told.</summary>
public sealed class CorpusTests
{
    private static readonly string[] ExpectedVersions = ["23.9", "25.14"];

    public static TheoryData<string> Versions => [.. Corpus.Versions];

    [Fact]
    public void Versions_OfBothSeries_AreThere() => Assert.Equal(ExpectedVersions, Corpus.Versions);

    [Theory]
    [MemberData(nameof(Versions))]
    public void History_TellsHowEachJobEnded(string version)
    {
        var told = JobAds.Read(Corpus.Bytes(version, "history.json")).ToDictionary(ad => ad.Name, ad => JobExplainer.Report(ad, "local"));

        Assert.All(told.Values, report => Assert.Equal(JobState.Ended, report.State));
        Assert.Equal((0, null), (told["w-ok"].ExitCode, told["w-ok"].Reason));
        Assert.Equal((7, "It ended with exit code 7; see its log."), (told["w-seven"].ExitCode, told["w-seven"].Reason));
        Assert.Contains("its command was not found on the machine", told["w-nothing"].Reason, StringComparison.Ordinal);
        Assert.Equal((137, "It ended: it was killed (SIGKILL): by hand, or by the machine when memory ran out."), (told["w-killed"].ExitCode, told["w-killed"].Reason));
        Assert.Equal((139, "It ended: it crashed (SIGSEGV): often a library of the image."), (told["w-crashed"].ExitCode, told["w-crashed"].Reason));
        Assert.Contains("Its time was over on", told["w-over"].Reason, StringComparison.Ordinal);
        Assert.Equal("It was removed via condor_rm (by user condor).", told["w-removed"].Reason);
        Assert.Matches("^It lost its place on [^:]+: .*vacate", told["w-evicted"].Reason);
        Assert.Matches("^It lost its place on [^:]+: Job not found at execution machine", told["w-starter"].Reason);
        Assert.Matches(@"^It lost its place on [^:]+: Job disconnected too long: JobLeaseDuration \(20 seconds\) expired", told["w-lost"].Reason);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Queue_TellsWhatEachJobDoes(string version)
    {
        var ads = JobAds.Read(Corpus.Bytes(version, "queue.json"));
        var waiting = WaitingExplainer.Explain(ads, _ => null);
        var told = ads.ToDictionary(ad => ad.Name, ad => JobExplainer.Report(ad, "local", waiting.GetValueOrDefault(ad.Id)));

        Assert.Equal((JobState.Running, null), (told["w-running"].State, told["w-running"].Reason));
        Assert.NotNull(told["w-running"].Host);
        Assert.Equal((JobState.Running, "The machine has suspended it."), (told["w-suspended"].State, told["w-suspended"].Reason));
        AssertHeld("w-byhand", "maintenance at noon (by user condor)", "it was held by hand");
        AssertHeld("w-noprogram", "Failed to execute '/nonexistent/program'", "its command was not found on the machine");
        AssertHeld("w-noinput", "Transfer input files failure", "its files could not be brought to the machine");
        AssertHeld("w-policy", "too much of it", "a policy of the site (periodic hold) stopped it");
        Assert.All((string[])["w-waiting", "w-nobody", "w-together"], name => Assert.Contains("No free machine fits now", told[name].Reason, StringComparison.Ordinal));
        Assert.Single(told.Values, report => report.Reason?.Contains("behind 2 of the same user's jobs", StringComparison.Ordinal) == true);

        void AssertHeld(string name, string reason, string advice)
        {
            Assert.Equal(JobState.Held, told[name].State);
            Assert.Contains(reason, told[name].Reason, StringComparison.Ordinal);
            Assert.Contains(advice, told[name].Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Analysis_NamesWhatNoMachineHas(string version)
    {
        Assert.Matches(@"^Nothing in the pool \(\d+ slots\) can ever run it as it is: no machine meets '?TARGET.Memory >= RequestMemory'? with RequestMemory = 999999999 \(mb\)", MatchAnalyzer.Read(Corpus.Text(version, "analyze-memory.txt")));
        Assert.Contains("no machine meets 'HasWings is true'", MatchAnalyzer.Read(Corpus.Text(version, "analyze-attribute.txt")), StringComparison.Ordinal);
        Assert.Contains("can ever run it as it is", MatchAnalyzer.Read(Corpus.Text(version, "analyze-together.txt")), StringComparison.Ordinal);
        Assert.Contains("slots", MatchAnalyzer.Read(Corpus.Text(version, "analyze-running.txt")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void EventLogs_TellTheSameStories(string version)
    {
        var stories = new[] { Read("event-log.json", EventJson.Read), Read("user.log", EventText.Read) };
        foreach (var events in stories)
        {
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Executing, Host.Length: > 0 } && !happened.Host.Contains('@', StringComparison.Ordinal));
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Terminated, ExitCode: 7 });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Terminated, ExitCode: 127 });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Terminated, Signal: 9 });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Terminated, Signal: 11 });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Held, Code: 1, Reason: "maintenance at noon (by user condor)" });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Held, Code: 6, SubCode: 2 } && happened.Reason!.Contains("/nonexistent/program", StringComparison.Ordinal));
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Aborted, Reason: "gateway: wall time over" });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Aborted, Reason: "via condor_rm (by user condor)" });
            Assert.Contains(events, happened => happened is { Type: CondorEventType.Aborted, Reason: "gateway: lost its machine" });
            Assert.Contains(events, happened => happened.Type == CondorEventType.Evicted);
            Assert.Contains(events, happened => happened.Type == CondorEventType.Suspended);
            Assert.Contains(events, happened => happened.Type == CondorEventType.Released);
            Assert.Contains(events, happened => happened.Type is CondorEventType.Disconnected);
            Assert.Contains(events, happened => happened.Type is CondorEventType.ReconnectFailed);
        }

        List<CondorEvent> Read(string file, Reader reader)
        {
            var bytes = Corpus.Bytes(version, file);
            var events = new List<CondorEvent>();
            Assert.Equal(bytes.Length, reader(bytes, events));
            return events;
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Tools_WhatTheySay_IsAFault(string version)
    {
        Assert.Equal(ToolFault.NotReached, Fault("submit-off"));
        Assert.Equal(ToolFault.NotReached, Fault("queue-off"));
        Assert.Equal(ToolFault.NotReached, Fault("remove-off"));
        Assert.Equal(ToolFault.Denied, Fault("submit-denied"));
        Assert.Equal(ToolFault.Denied, Fault("ping-denied"));
        Assert.Equal(ToolFault.Rejected, Fault("submit-nobody"));
        Assert.Equal(ToolFault.Rejected, Fault("submit-missing"));
        Assert.Equal(ToolFault.Rejected, Fault("submit-cut"));
        Assert.Equal(ToolFault.Rejected, Fault("remove-nothing"));
        Assert.Equal(ToolFault.Rejected, Fault("remove-unknown"));
        Assert.Equal(ToolFault.Denied, Fault("remove-foreign"));
        Assert.Equal(3, Submitter.Read(Corpus.Text(version, "submit-terse.txt")).Count);
        Assert.Single(Submitter.Read(Corpus.Text(version, "submit-wrong.txt")));
        Assert.Equal("gateway", PoolProbe.Account(Corpus.Text(version, "ping.txt")));
        Assert.Equal("exit 0\n", Corpus.Text(version, "queue-nothing.txt"));
        Assert.Equal("[\n]\nexit 0\n", Corpus.Text(version, "history-nothing.txt"));

        ToolFault Fault(string name)
        {
            var text = Corpus.Text(version, name + ".txt");
            Assert.EndsWith("exit 1\n", text);
            return ToolErrors.Classify(text);
        }
    }

    [Fact]
    public void Attributes_OfTheCorpus_AreThoseThatAreAskedFor() =>
        Assert.Contains($"\nattributes={JobAd.Attributes}\n", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "corpus.sh")), StringComparison.Ordinal);

    private delegate int Reader(ReadOnlySpan<byte> text, ICollection<CondorEvent> events);
}
