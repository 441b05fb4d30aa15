using System.Text;
using Gateway.Core.Store;
using Gateway.Storage.Postgres;

namespace Gateway.Storage.Tests;

public sealed class AnnouncementTests
{
    [Fact]
    public void Encode_ChangesOfEveryKind_AreDecodedAsTheyWere()
    {
        Change[] changes = [.. Enum.GetValues<ChangeKind>().Select((kind, i) => new Change(kind, $"key {i}|ü")), new Change(ChangeKind.Due, "")];
        var (sender, decoded) = Announcement.Decode(Announcement.Encode("me", changes));

        Assert.Equal("me", sender);
        Assert.Equal(changes, decoded);
    }

    [Fact]
    public void Encode_MoreThanAPayloadHolds_NamesKindsAlone()
    {
        string payload = Announcement.Encode("me", [.. Enumerable.Range(0, 2000).Select(i => new Change(ChangeKind.Phase, $"cluster{i}"))]);

        Assert.True(Encoding.UTF8.GetByteCount(payload) < 8000);
        Assert.Equal([new Change(ChangeKind.Phase, "")], Announcement.Decode(payload).Changes);
    }

    [Fact]
    public void Decode_KindOfANewerVersion_IsSkipped() =>
        Assert.Equal([new Change(ChangeKind.Due, "c1")], Announcement.Decode("me\nzwhat\n\ndc1").Changes);
}
