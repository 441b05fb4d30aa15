using System.Text;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Tests;

/// <summary>What the kernel says of a process is read, whatever the process calls itself.</summary>
public sealed class ProcessStatTests
{
    private const string Rest = " S 1 4242 4243 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654321 2592 100 18446744073709551615\n";

    [Theory]
    [InlineData("sh")]
    [InlineData("a b")]
    [InlineData(") R 1 2 3")]
    [InlineData("(((")]
    public void Stat_OfAnyName_IsRead(string name) =>
        Assert.Equal(new ProcessStat(4242, 'S', 4243, 987654321), ProcessStat.Parse(4242, Encoding.UTF8.GetBytes($"4242 ({name}){Rest}")));

    [Theory]
    [InlineData("")]
    [InlineData("4242 (sh) S 1 2")]
    [InlineData("4242 (sh) S 1 2 x 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654321 2592")]
    public void Stat_ThatIsNotWhole_IsNone(string text) => Assert.Null(ProcessStat.Parse(4242, Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("12 34 boot\n", true)]
    [InlineData("12 34 boot", false)]
    [InlineData("12 34\n", false)]
    [InlineData("1 34 boot\n", false)]
    [InlineData("-5 34 boot\n", false)]
    [InlineData("\n", false)]
    [InlineData("", false)]
    public void Identity_OnlyOfAWholeLine_IsRead(string text, bool whole) => Assert.Equal(whole, ProcessIdentity.Parse(text) is not null);
}
