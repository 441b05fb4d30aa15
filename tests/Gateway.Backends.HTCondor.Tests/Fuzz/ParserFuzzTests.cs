using System.Text;
using System.Text.Json;
using CsCheck;
using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Tests.Fuzz;

/// <summary>Whatever HTCondor prints, or a broken disk makes of it: nothing that reads it throws what is not expected, hangs, or tells more than a line.</summary>
public sealed class ParserFuzzTests
{
    private const int Rounds = 1_000;

    public static TheoryData<string> Versions => [.. Corpus.Versions];

    [Theory]
    [MemberData(nameof(Versions))]
    public void EventLogs_Damaged_AreReadOver(string version)
    {
        Read("event-log.json", EventJson.Read);
        Read("user.log", EventText.Read);

        void Read(string file, Reader reader)
        {
            Gen.OneOf(Corpus.Damaged(Corpus.Bytes(version, file)), Corpus.Noise).Sample(
                bytes =>
                {
                    var events = new List<CondorEvent>();
                    var used = reader(bytes, events);
                    Assert.InRange(used, 0, bytes.Length);
                    var known = new KnownJobs();
                    foreach (var happened in events)
                    {
                        known.Listed([Ad(happened.Job)], []);
                        if (known.Apply(happened) is { } ad)
                        {
                            AssertReadable(JobExplainer.Report(ad, "local").Reason);
                        }
                    }
                },
                iter: Rounds);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void JobAds_Damaged_AreAllOrAJsonError(string version)
    {
        foreach (var file in (string[])["queue.json", "history.json"])
        {
            Gen.OneOf(Corpus.Damaged(Corpus.Bytes(version, file)), Corpus.Noise).Sample(
                bytes =>
                {
                    try
                    {
                        var ads = JobAds.Read(bytes);
                        var waiting = WaitingExplainer.Explain(ads.DistinctBy(ad => ad.Id), _ => null);
                        foreach (var ad in ads)
                        {
                            AssertReadable(JobExplainer.Report(ad, "local", waiting.GetValueOrDefault(ad.Id)).Reason);
                        }
                    }
                    catch (JsonException)
                    {
                        return;
                    }
                },
                iter: Rounds);
        }
    }

    [Fact]
    public void JobAds_AnyTypesOfValues_AreLeftOutOrTaken()
    {
        string[] names = [.. JobAd.Attributes.Split(',')];
        string[] values = ["null", "true", "1", "-1", "1e400", "99999999999999999999", "1.5", "\"\"", "\"undefined\"", "\"\\u0000\\u001b[31m\"", "[1]", "{\"a\":{}}", "\"Worker\"", "\"slot1@\"", "\"@@\""];
        Gen.Select(Gen.Int[0, names.Length - 1], Gen.Int[0, values.Length - 1].Select(i => values[i])).Array[0, 40].Array[0, 4].Sample(
            ads =>
            {
                var json = "[" + string.Join(',', ads.Select(ad => "{\"ClusterId\":1,\"ProcId\":2,\"JobStatus\":5,\"DaskGatewayJob\":\"w\",\"DaskGatewayCluster\":\"c\",\"DaskGatewayKind\":\"Worker\""
                    + string.Concat(ad.Select(pair => $",\"{names[pair.Item1]}\":{pair.Item2}")) + "}")) + "]";
                foreach (var ad in JobAds.Read(Encoding.UTF8.GetBytes(json)))
                {
                    AssertReadable(JobExplainer.Report(ad, "local").Reason);
                }
            },
            iter: Rounds);
    }

    [Fact]
    public void HoldReasons_AnyTextAndCode_AreOneBoundedLine()
    {
        Gen.Select(Gen.String[0, 2000], Gen.Int, Gen.Int, Gen.Int[0, 9]).Sample(
            (text, code, subCode, status) =>
            {
                var ad = Ad(new JobId(1, 0)) with { Status = status, HoldReason = text, HoldCode = code, HoldSubCode = subCode, RemoveReason = text, VacateReason = text, Rejected = text, ExitCode = code, ExitBySignal = status == 4, ExitSignal = subCode };
                AssertReadable(JobExplainer.Report(ad, "local").Reason);
                var idle = ad with { Status = 1 };
                AssertReadable(JobExplainer.Report(idle, "local", Assert.Single(WaitingExplainer.Explain([idle], _ => null)).Value).Reason);
            },
            iter: Rounds);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void WhatToolsSay_Damaged_IsReadOver(string version)
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", version), "*.txt").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToList();
        Assert.True(files.Count > 20);
        foreach (var file in files)
        {
            Gen.OneOf(Corpus.Damaged(Corpus.Bytes(version, file)), Corpus.Noise).Select(Corpus.Decode).Sample(
                text =>
                {
                    Assert.True(Enum.IsDefined(ToolErrors.Classify(text)));
                    AssertReadable(ToolErrors.Message(text));
                    AssertReadable(JobExplainer.Report(Ad(new JobId(1, 0)), "local", MatchAnalyzer.Read(text)).Reason);
                    Assert.All(Submitter.Read(text), id => Assert.True(id is { Cluster: >= 0, Proc: >= 0 }));
                    Assert.NotNull(AddressCheck.Addresses(text).ToList());
                    Assert.Null(CondorHandle.Parse(text));
                },
                iter: 100);
        }
    }

    [Fact]
    public void Tools_EndlessBlanks_TakeNoTime()
    {
        // Each of these would keep a careless expression busy for hours.
        foreach (var text in (string[])[new(' ', 1 << 20), new('\n', 1 << 20), "[0]" + new string(' ', 1 << 20), "Of 1 machines," + new string('\n', 1 << 20), string.Concat(Enumerable.Repeat("[0]  0  a\n", 100_000)), string.Concat(Enumerable.Repeat("1.0 - ", 100_000))])
        {
            Assert.Null(MatchAnalyzer.Read(text));
            Assert.Empty(Submitter.Read(text));
            Assert.True(Enum.IsDefined(ToolErrors.Classify(text)));
            var events = new List<CondorEvent>();
            EventText.Read(Encoding.UTF8.GetBytes(text + "\n...\n"), events);
            EventJson.Read(Encoding.UTF8.GetBytes("{\n" + text + "\n}\n"), events);
            Assert.Empty(events);
        }
    }

    private static void AssertReadable(string? reason)
    {
        if (reason is not null)
        {
            Assert.InRange(reason.Length, 1, 700);
            Assert.DoesNotContain(reason, char.IsControl);
        }
    }

    private static JobAd Ad(JobId id) => new() { Id = id, Name = "w", Cluster = "c", Kind = Core.Backends.JobKind.Worker, Account = "alice", Status = 1 };

    private delegate int Reader(ReadOnlySpan<byte> text, ICollection<CondorEvent> events);
}
