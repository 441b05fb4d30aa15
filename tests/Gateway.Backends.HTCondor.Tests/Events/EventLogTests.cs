using CsCheck;
using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Tests.Events;

public sealed class EventLogTests : IDisposable
{
    private static readonly byte[] Json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Corpus", "23.9", "event-log.json"));
    private static readonly byte[] Text = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Corpus", "25.14", "user.log"));

    private readonly string _path = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_path);
        File.Delete(_path + ".old");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tail_WrittenInAnyPieces_GivesTheSameEvents(bool json)
    {
        var whole = new List<CondorEvent>();
        var log = json ? Json : Text;
        _ = json ? EventJson.Read(log, whole) : EventText.Read(log, whole);
        Gen.Int[1, 2000].Array[1, 30].Sample(
            pieces =>
            {
                File.WriteAllBytes(_path, []);
                using var tail = new LogTail(_path, fromStart: true);
                var events = new List<CondorEvent>();
                var at = 0;
                foreach (var piece in pieces.Append(log.Length))
                {
                    var end = Math.Min(log.Length, at + piece);
                    using (var file = new FileStream(_path, FileMode.Append))
                    {
                        file.Write(log, at, end - at);
                    }

                    at = end;
                    events.AddRange(tail.Read());
                }

                Assert.Equal(whole, events);
            },
            iter: 50,
            threads: 1);
    }

    [Fact]
    public void Tail_TruncatedRotatedDeleted_GoesOn()
    {
        using var tail = new LogTail(_path, fromStart: false);
        Assert.Empty(tail.Read());

        File.AppendAllText(_path, Event(1));
        Assert.Equal(new JobId(1, 0), Assert.Single(tail.Read()).Job);

        File.WriteAllText(_path, "");
        Assert.Empty(tail.Read());
        File.AppendAllText(_path, Event(2));
        Assert.Equal(new JobId(2, 0), Assert.Single(tail.Read()).Job);

        File.AppendAllText(_path, Event(3));
        File.Move(_path, _path + ".old");
        File.WriteAllText(_path, Event(4) + Event(5));
        Assert.Equal([3, 4, 5], tail.Read().Select(happened => happened.Job.Cluster));

        File.Delete(_path);
        Assert.Empty(tail.Read());
        File.WriteAllText(_path, Event(6));
        Assert.Equal(new JobId(6, 0), Assert.Single(tail.Read()).Job);
    }

    [Fact]
    public void Tail_StartedInMidEvent_SkipsToTheNext()
    {
        File.WriteAllText(_path, Event(1)[..60]);
        using var tail = new LogTail(_path, fromStart: false);
        Assert.Empty(tail.Read());

        File.AppendAllText(_path, Event(1)[60..] + Event(2));

        Assert.Contains(tail.Read(), happened => happened.Job == new JobId(2, 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_DamagedLog_NeverThrowsAndGoesOn(bool json)
    {
        var log = json ? Json : Text;
        Gen.Select(Gen.Int[0, log.Length - 1], Gen.Byte).Array[1, 20].Sample(
            changes =>
            {
                var damaged = (byte[])log.Clone();
                foreach (var (at, value) in changes)
                {
                    damaged[at] = value;
                }

                var events = new List<CondorEvent>();
                var used = json ? EventJson.Read(damaged, events) : EventText.Read(damaged, events);
                Assert.InRange(used, 0, damaged.Length);
                Assert.True(events.Count > 5);
            },
            iter: 2_000);
    }

    private static string Event(int cluster) => $"{{\n  \"Proc\": 0,\n  \"MyType\": \"ExecuteEvent\",\n  \"Cluster\": {cluster},\n  \"SlotName\": \"slot1_1@vm\",\n  \"EventTypeNumber\": 1\n}}\n";
}
